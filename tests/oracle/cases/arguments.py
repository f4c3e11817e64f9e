"""Arguments that no other part of the table gives, so that each one of each function is given somewhere (test_coverage)."""

from __future__ import annotations

LINES: dict[str, str] = {
    "nowhere_to_write": """
        torch.exp(x, out=None)
        torch.add(x, y, out=None)
        torch.add(x, y, alpha=2, out=None)
        torch.where(mask, x, y, out=None)
        torch.sum(x, 1, out=None)
        torch.sort(x, out=None)
        torch.zeros(2, 3, out=None)
        torch.cat([x, y], out=None)
        torch.matmul(m, v, out=None)
        torch.linalg.norm(x, out=None)
        torch.special.erf(x, out=None)
        torch.randperm(1, out=None)
    """,
    "reductions": """
        torch.amin(x, dim=1, keepdim=True)
        torch.min(x, 1, keepdim=True)[0]
        torch.max(x, other=y)
        torch.min(x, other=y)
        torch.cumsum(f, 0, dtype=torch.float64)
        torch.cumprod(f, 1, dtype=torch.float64)
        torch.prod(f, dtype=torch.float64)
        torch.prod(f, 1, dtype=torch.float64)
        torch.norm(f, dtype=torch.float64)
        torch.linalg.vector_norm(f, dtype=torch.float64)
        torch.log_softmax(f, 1, dtype=torch.float64)
        torch.topk(x, 2, sorted=True)[0]
        torch.true_divide(x, y)
    """,
    "sized_averages": """
        F.binary_cross_entropy(prob, target, size_average=False)
        F.binary_cross_entropy(prob, target, reduce=False)
        F.binary_cross_entropy_with_logits(x, target, size_average=False)
        F.binary_cross_entropy_with_logits(x, target, reduce=False)
        F.cosine_embedding_loss(x, y, torch.tensor([1.0, -1.0], dtype=torch.float64), size_average=False)
        F.cosine_embedding_loss(x, y, torch.tensor([1.0, -1.0], dtype=torch.float64), reduce=False)
        F.cross_entropy(x, torch.tensor([0, 2]), size_average=False)
        F.cross_entropy(x, torch.tensor([0, 2]), reduce=False)
        F.hinge_embedding_loss(x, torch.tensor([[1.0, -1.0, 1.0]], dtype=torch.float64), size_average=False)
        F.hinge_embedding_loss(x, torch.tensor([[1.0, -1.0, 1.0]], dtype=torch.float64), reduce=False)
        F.kl_div(x, target, size_average=False)
        F.kl_div(x, target, reduce=False)
        F.kl_div(x, y, reduction='sum', log_target=True)
        F.l1_loss(x, y, size_average=False)
        F.l1_loss(x, y, reduce=False)
        F.mse_loss(x, y, size_average=False)
        F.mse_loss(x, y, reduce=False)
        F.margin_ranking_loss(v, w, torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64), size_average=False)
        F.margin_ranking_loss(v, w, torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64), reduce=False)
        F.multi_margin_loss(x, torch.tensor([0, 2]), size_average=False)
        F.multi_margin_loss(x, torch.tensor([0, 2]), reduce=False)
        F.multilabel_margin_loss(x, torch.tensor([[1, -1, 0], [0, 2, -1]]), size_average=False)
        F.multilabel_margin_loss(x, torch.tensor([[1, -1, 0], [0, 2, -1]]), reduce=False)
        F.multilabel_soft_margin_loss(x, target, size_average=False)
        F.multilabel_soft_margin_loss(x, target, reduce=False)
        F.nll_loss(x, torch.tensor([0, 2]), size_average=False)
        F.nll_loss(x, torch.tensor([0, 2]), reduce=False)
        F.poisson_nll_loss(x, target, reduce=False)
        F.smooth_l1_loss(x, y, size_average=False)
        F.smooth_l1_loss(x, y, reduce=False)
        F.soft_margin_loss(x, target, size_average=False)
        F.triplet_margin_loss(x, y, p, size_average=False)
        F.triplet_margin_loss(x, y, p, reduce=False)
    """,
    "weighted_losses": """
        F.huber_loss(x, y, weight=p.detach())
        F.l1_loss(x, y, weight=p.detach())
        F.mse_loss(x, y, weight=p.detach())
        F.mse_loss(x, y, weight=p.detach(), reduction='sum')
    """,
    "changed_in_place": """
        F.celu(x * 1, inplace=True)
        F.elu(x * 1, inplace=True)
        F.hardswish(x * 1, inplace=True)
        F.hardtanh(x * 1, inplace=True)
        F.leaky_relu(x * 1, inplace=True)
        F.mish(x * 1, inplace=True)
        F.selu(x * 1, inplace=True)
        F.silu(x * 1, inplace=True)
        F.threshold(x * 1, 0.25, -1.0, inplace=True)
    """,
    "layers": """
        F.conv3d(c[None, None], c.reshape(2, 1, 1, 2, 3)[..., :2], groups=1)
        F.conv3d(torch.stack([c, d.mT])[None], c.reshape(2, 1, 1, 2, 3)[..., :2], groups=2)
        F.conv_transpose3d(torch.stack([c, d.mT])[None], c.reshape(2, 1, 1, 2, 3)[..., :2], groups=2)
        F.conv_transpose3d(c[None, None], c.reshape(1, 2, 1, 2, 3)[..., :2], dilation=(1, 2, 2))
        F.layer_norm(x, (3,), eps=0.1)
        F.embedding(torch.tensor([0, 2]), m, sparse=False)
        F.embedding_bag(torch.tensor([[0, 2]]), m, sparse=False)
        F.max_unpool2d(c[:, None], torch.tensor([[[[0, 5, 3], [6, 8, 11]]]] * 2), 2, stride=1, padding=0, output_size=(3, 4))
        F.max_unpool3d(c[None, None], torch.tensor([[[[[0, 5, 3], [6, 8, 11]], [[13, 14, 17], [18, 20, 23]]]]]), (1, 2, 2), 1, 0)
        torch.gather(x, 1, torch.tensor([[2], [0]]), sparse_grad=False)
    """,
    "factors": """
        torch.linalg.lu(m, pivot=True)[1]
        torch.linalg.lu_factor(m, pivot=True)[0]
        torch.linalg.lu_factor_ex(m, pivot=True)[0]
        torch.lu_solve(x.t(), LU_data=torch.linalg.lu_factor(m)[0], LU_pivots=torch.linalg.lu_factor(m)[1])
        torch.lu_unpack(LU_data=torch.linalg.lu_factor(m)[0], LU_pivots=torch.linalg.lu_factor(m)[1])[1]
        torch.linalg.svdvals(x, driver=None)
    """,
    "as_methods": """
        x.angle()
        (m @ m.t()).cholesky().cholesky_inverse()
        v.diag()
        m.diagonal_scatter(v)
        x.diff(dim=0)
        x.div(y)
        p.float_power(2)
        x.fmax(y)
        x.fmod(0.75)
        v.inner(w)
        x.maximum(y)
        x.minimum(y)
        x.nanmedian()
        x.remainder(0.75)
        x.take_along_dim(torch.tensor([[2], [0]]), dim=1)
    """,
    "as_functions": """
        torch.amin(x, 1)
        torch.clone(x)
        torch.index_fill(x, 1, torch.tensor([0, 2]), 3.0)
        torch.prod(x)
        torch.reshape(x, (3, 2))
        torch.scatter(x, 1, torch.tensor([[0], [2]]), y[:, :1])
        torch.sqrt(p)
        torch.squeeze(x[:1])
        torch.t(x)
    """,
    "integers_apart": """
        x.permute(1, 0)
        x.permute([1, 0])
        x.permute(dims=(1, 0))
        x.flip(0)
        x.flip(0, 1)
        x.tile(2)
        x.tile(2, 1)
        x.tile(dims=(2, 1))
        x.squeeze(0, 1)
        v.broadcast_to(2, 3)
        x.view(size=(3, 2))
        x.reshape(shape=(3, 2))
        x.reshape(torch.tensor(3), 2)
    """,
    "keyword_names": """
        torch.det(input=m)
        torch.inverse(input=m)
        torch.matrix_power(input=m, n=2)
        torch.linalg.norm(input=x)
        torch.linalg.matrix_norm(input=m)
        torch.linalg.vector_norm(input=v)
        torch.linalg.diagonal(A=m)
        torch.linalg.pinv(input=m)
        torch.linalg.tensorinv(input=torch.eye(4).reshape(2, 2, 2, 2), ind=2)
        torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
        torch.cdist(x, y, 1.0, "use_mm_for_euclid_dist")
        torch.mean(x, axis=1, keepdims=True)
        torch.swapaxes(x, axis0=0, axis1=1)
    """,
    "one_condition": """
        torch.where(x > 0)
        torch.where(condition=x)
        torch.where(s > 0)
    """,
    "questions_of_tensors": """
        x.element_size()
        f.nbytes
        x.is_complex()
        torch.is_complex(t)
        small.is_signed()
        torch.is_signed(t)
        s.is_nonzero()
        torch.is_nonzero(torch.tensor([0]))
        x.is_same_size(y)
        torch.is_same_size(x, a)
        (1 / zeros).isposinf()
        torch.isneginf(-1 / zeros)
        torch.isposinf(t)
        x.isreal()
    """,
    "new_tensors": """
        x.new_full((2, 2), 3)
        t.new_full((2,), 3.5)
        f.new_full((2,), 3, dtype=torch.int64)
        x.new_empty(2, 3).shape
        f.new_tensor([1, 2])
        t.new_tensor([1.5])
        x.new_tensor(3.0, dtype=torch.float32, requires_grad=True).requires_grad
        torch.scalar_tensor(2)
        torch.scalar_tensor(2, dtype=torch.int64)
    """,
    "older_names": """
        torch.Tensor([1, 2])
        torch.Tensor((1.5, 2))
        torch.Tensor(2, 3).shape
        torch.Tensor(torch.Size([2, 3])).shape
        torch.Tensor()
        torch.LongTensor([1.5])
        torch.DoubleTensor([[1], [2]])
        torch.BoolTensor([1, 0])
        torch.autograd.Variable(x)
        torch.autograd.Variable(const, requires_grad=True)
        torch.asarray([1.0, 2.0])
        x[torch.newaxis].shape
        x.byte()
        x.char()
        x.clone().float_power_(2)
    """,
    "limits_of_types": """
        torch.finfo(torch.float32)
        torch.finfo()
        torch.finfo(torch.float16)
        torch.finfo(torch.float64)
        torch.iinfo(torch.int64)
        torch.iinfo(torch.uint8)
        torch.iinfo(torch.uint8).max
        torch.finfo(x.dtype).bits
        torch.finfo(f.dtype).dtype
        (p + torch.finfo(p.dtype).eps).log()
        torch.finfo(torch.float16).smallest_normal
    """,
    "compared_in_place": """
        x.clone().eq_(y)
        x.clone().ne_(2)
        x.clone().greater_(y)
        x.clone().ge_(const)
        x.clone().less_(v)
        const.clone().le_(x)
        const.clone().lt_(0.0)
        t.clone().eq_(0)
    """,
    "truth_by_numbers": """
        F.mse_loss(x, y, 1)
        F.relu(x * 1, 1)
        F.gaussian_nll_loss(x, y, p, 1)
        torch.autograd.grad((x * y).sum(), x, create_graph=1)[0]
        torch.autograd.functional.jvp(torch.sin, v.detach(), w.detach(), strict=1)[1]
    """,
    "rounding": """
        torch.special.round(x)
        torch.special.round(x, decimals=0)
        torch.special.round(x, decimals=1)
        torch.special.round(x * 10, decimals=-1)
        torch.round(x, decimals=0)
        x.round(decimals=0)
        x.clone().round_()
        x.clone().round_(decimals=0)
    """,
}

PROGRAMS: dict[str, str] = {
    "compared_in_place": """
        z = x.clone()
        z.gt_(0)
        (z * y).sum()
    """,
    "older_programs": """
        from torch.autograd import Variable
        z = Variable(torch.ones(2, 2), requires_grad=True)
        ((z + 2) ** 2 * 3).mean().backward()
        z.grad

        with torch.inference_mode():
            z = x * 2
        z
    """,
}
