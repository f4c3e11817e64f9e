"""Wrong calls that whole families of functions refuse alike, and the others of their kind, under the code of the error."""

from __future__ import annotations

import textwrap

#: What takes one dimension or several.
REDUCTIONS = """
    all amax amin any argmax argmin argsort count_nonzero cummax cummin cumprod cumsum linalg.vector_norm
    log_softmax logcumsumexp logsumexp max mean median min mode nanmean nanmedian nansum prod softmax sort std
    std_mean sum unbind var var_mean
"""
#: What is applied to each element, or along a dimension, between layers.
ACTIVATIONS = """
    celu elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu mish relu relu6 selu silu softplus
    softshrink softsign tanhshrink softmin softmax log_softmax normalize
"""

#: A call that is wrong, the code of its error, and the functions that refuse it.
FAMILIES: tuple[tuple[str, str, str], ...] = (
    (
        "torch.{}()",
        "argument",
        """
        abs acos acosh angle asin asinh atan atanh ceil conj conj_physical cos cosh deg2rad digamma erf erfc erfinv exp2
        expm1 floor frac i0 lgamma log log10 log1p log2 logit nan_to_num neg positive rad2deg ravel real reciprocal
        rsqrt sigmoid sign sgn sin sinc sinh sqrt square tan tanh trunc t trace msort fliplr flipud pinverse diagflat
        clone round cholesky_inverse logdet median nanmedian min max prod cumprod triu tril
        """,
    ),
    (
        "torch.{}(2.0)",
        "argument",
        """
        abs acos acosh angle asin asinh atan atanh ceil conj conj_physical cos cosh deg2rad digamma erf erfc erfinv exp
        exp2 expm1 floor frac i0 lgamma log log10 log1p log2 logit nan_to_num neg positive rad2deg ravel real reciprocal
        rsqrt sigmoid sign sgn sin sinc sinh sqrt square tan tanh trunc relu t trace msort fliplr flipud pinverse
        diagflat clone round cholesky_inverse logdet median nanmedian min max prod cumprod triu tril
        """,
    ),
    (
        "torch.special.{}(2.0)",
        "argument",
        """
        digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammaln i0 i0e i1 i1e log_ndtr log1p ndtr ndtri psi sinc
        """,
    ),
    (
        "torch.{}(x, a)",
        "shape-mismatch",
        """
        add clamp_max clamp_min div dist eq float_power floor_divide fmax fmin fmod ge gt hypot inner ldexp logaddexp2
        lt minimum mul nextafter pow remainder rsub sub true_divide vdot xlogy dot mv outer cross special.xlog1py
        special.xlogy linalg.vecdot
        """,
    ),
    (
        "torch.{}(x)",
        "argument",
        """
        add atan2 clamp_max clamp_min copysign div dist eq float_power floor_divide fmax fmin fmod ge gt hypot inner
        kron ldexp lerp logaddexp logaddexp2 lt maximum minimum mul nextafter pow remainder rsub sub true_divide vdot
        xlogy dot mv mm bmm outer cross masked_select special.xlog1py special.xlogy linalg.vecdot
        """,
    ),
    ("torch.{}(x, dim=7)", "dimension-out-of-range", REDUCTIONS),
    ("torch.{}(x, dim=7)", "argument", "kthvalue nanquantile quantile topk"),
    ("torch.{}(x, dim=-3)", "dimension-out-of-range", REDUCTIONS),
    ("torch.{}(x, dim=-3)", "argument", "kthvalue nanquantile quantile topk"),
    (
        "torch.{}(x, dim='a')",
        "argument",
        """
        all amax amin any argmax argmin argsort count_nonzero cummax cummin cumprod cumsum kthvalue linalg.vector_norm
        log_softmax logcumsumexp logsumexp max mean median min mode nanmean nanmedian nanquantile nansum prod quantile
        softmax sort std std_mean sum topk unbind var var_mean
        """,
    ),
    (
        "torch.{}(x)",
        "shape-mismatch",
        """
        cholesky_inverse linalg.det linalg.eigvalsh linalg.inv linalg.matrix_exp logdet det slogdet inverse
        """,
    ),
    ("F.{}(2.0)", "argument", ACTIVATIONS),
    ("F.{}(x, colour=1)", "argument", ACTIVATIONS),
    (
        "F.{}(x)",
        "argument",
        """
        binary_cross_entropy binary_cross_entropy_with_logits cosine_embedding_loss cross_entropy gaussian_nll_loss
        hinge_embedding_loss huber_loss kl_div l1_loss margin_ranking_loss mse_loss multi_margin_loss
        multilabel_margin_loss multilabel_soft_margin_loss nll_loss poisson_nll_loss smooth_l1_loss soft_margin_loss
        triplet_margin_loss
        """,
    ),
    (
        "F.{}(x, a)",
        "shape-mismatch",
        """
        binary_cross_entropy binary_cross_entropy_with_logits cross_entropy hinge_embedding_loss huber_loss kl_div
        l1_loss multilabel_soft_margin_loss nll_loss poisson_nll_loss smooth_l1_loss
        """,
    ),
    ("F.{}(x, a)", "argument", "cosine_embedding_loss gaussian_nll_loss margin_ranking_loss triplet_margin_loss"),
    (
        "F.{}(x, y, reduction='average')",
        "value",
        """
        binary_cross_entropy binary_cross_entropy_with_logits cross_entropy hinge_embedding_loss huber_loss kl_div
        l1_loss mse_loss multi_margin_loss multilabel_margin_loss nll_loss poisson_nll_loss smooth_l1_loss
        soft_margin_loss
        """,
    ),
    (
        "F.{}(x, y, reduction='average')",
        "argument",
        """
        cosine_embedding_loss gaussian_nll_loss margin_ranking_loss triplet_margin_loss
        """,
    ),
    (
        "F.{}(c)",
        "argument",
        """
        conv1d conv_transpose1d avg_pool1d max_pool1d lp_pool1d adaptive_avg_pool1d adaptive_max_pool1d max_unpool1d
        """,
    ),
    ("F.{}(s, c)", "shape-mismatch", "conv1d conv_transpose1d"),
    ("F.{}(c, v)", "shape-mismatch", "conv1d conv_transpose1d"),
    ("F.{}(c, c, x)", "shape-mismatch", "conv1d conv_transpose1d"),
    ("F.{}(c, c, stride=0)", "value", "conv1d conv_transpose1d"),
    ("F.{}(c, c, padding=-1)", "value", "conv1d conv_transpose1d"),
    ("F.{}(c, c, stride=(1, 1, 1, 1))", "value", "conv1d conv_transpose1d"),
    ("F.{}(s, 2)", "shape-mismatch", "avg_pool1d max_pool1d max_pool2d avg_pool3d max_pool3d"),
    ("F.{}(s, 2)", "argument", "lp_pool1d lp_pool2d lp_pool3d"),
    ("F.{}(c, 0)", "value", "avg_pool1d max_pool1d"),
    ("F.{}(c, 1, stride=0)", "value", "avg_pool1d max_pool1d"),
    ("F.{}(c, 1, padding=2)", "value", "avg_pool1d max_pool1d"),
    ("F.{}(c, -1)", "value", "avg_pool1d max_pool1d adaptive_avg_pool1d adaptive_max_pool1d"),
    ("F.{}(c, (1, 1, 1, 1))", "value", "avg_pool1d max_pool1d adaptive_avg_pool1d adaptive_max_pool1d"),
    ("F.{}(c, 9)", "shape-mismatch", "avg_pool1d max_pool1d"),
    ("F.{}(v, 2)", "shape-mismatch", "adaptive_avg_pool1d adaptive_max_pool1d adaptive_avg_pool2d adaptive_avg_pool3d"),
    (
        "F.{}(2.0, 1)",
        "argument",
        """
        adaptive_avg_pool1d adaptive_max_pool1d adaptive_avg_pool2d adaptive_max_pool2d adaptive_avg_pool3d
        adaptive_max_pool3d
        """,
    ),
    (
        "F.{}(c[:, None])",
        "argument",
        """
        conv2d conv_transpose2d avg_pool2d max_pool2d lp_pool2d adaptive_avg_pool2d adaptive_max_pool2d max_unpool2d
        """,
    ),
    ("F.{}(s, c[:, None])", "shape-mismatch", "conv2d conv_transpose2d"),
    ("F.{}(c[:, None], v)", "shape-mismatch", "conv2d conv_transpose2d"),
    ("F.{}(c[:, None], c[:, None], x)", "shape-mismatch", "conv2d conv_transpose2d"),
    ("F.{}(c[:, None], c[:, None], stride=0)", "value", "conv2d conv_transpose2d"),
    ("F.{}(c[:, None], c[:, None], padding=-1)", "value", "conv2d conv_transpose2d"),
    ("F.{}(c[:, None], c[:, None], stride=(1, 1, 1, 1))", "value", "conv2d conv_transpose2d"),
    ("F.{}(c[:, None], 0)", "value", "avg_pool2d max_pool2d"),
    ("F.{}(c[:, None], 1, stride=0)", "value", "avg_pool2d max_pool2d"),
    ("F.{}(c[:, None], 1, padding=2)", "value", "avg_pool2d max_pool2d"),
    ("F.{}(c[:, None], -1)", "value", "avg_pool2d max_pool2d adaptive_avg_pool2d adaptive_max_pool2d"),
    ("F.{}(c[:, None], (1, 1, 1, 1))", "value", "avg_pool2d max_pool2d"),
    ("F.{}(c[:, None], 9)", "shape-mismatch", "avg_pool2d max_pool2d"),
    (
        "F.{}(c[:, None, None])",
        "argument",
        """
        conv3d conv_transpose3d avg_pool3d max_pool3d lp_pool3d adaptive_avg_pool3d adaptive_max_pool3d max_unpool3d
        """,
    ),
    ("F.{}(s, c[:, None, None])", "shape-mismatch", "conv3d conv_transpose3d"),
    ("F.{}(c[:, None, None], v)", "shape-mismatch", "conv3d conv_transpose3d"),
    ("F.{}(c[:, None, None], c[:, None, None], x)", "shape-mismatch", "conv3d conv_transpose3d"),
    ("F.{}(c[:, None, None], c[:, None, None], stride=0)", "value", "conv3d conv_transpose3d"),
    ("F.{}(c[:, None, None], c[:, None, None], padding=-1)", "value", "conv3d conv_transpose3d"),
    ("F.{}(c[:, None, None], c[:, None, None], stride=(1, 1, 1, 1))", "value", "conv3d conv_transpose3d"),
    ("F.{}(c[:, None, None], 0)", "value", "avg_pool3d max_pool3d"),
    ("F.{}(c[:, None, None], 1, stride=0)", "value", "avg_pool3d max_pool3d"),
    ("F.{}(c[:, None, None], 1, padding=2)", "value", "avg_pool3d max_pool3d"),
    ("F.{}(c[:, None, None], (1, 1, 1, 1))", "value", "avg_pool3d max_pool3d adaptive_avg_pool3d"),
)

#: Wrong calls of single functions.
SINGLE: dict[str, str] = {
    "type-mismatch": """
        x.T(1)
        x.mT(0, 1)
        x.real()
    """,
    "argument": """
        torch.special.psi()
        x.matrix_exp(colour=1)
        F.elu(x, 'a')
        F.hardshrink(x, 'a')
        F.softshrink(x, 'a')
        F.leaky_relu(x, 'a')
        torch.addbmm(x[:, :2], c, d, beta='a')
        torch.addmm(x, x, m, alpha='a')
        torch.addr(x, r)
        torch.atleast_1d(2.0)
        torch.atleast_2d([s, 2.0])
        torch.atleast_3d('a')
        torch.clamp_max(x, 'a')
        torch.clamp_min(x, None)
        torch.constant_pad_nd(x)
        torch.cummin(x, 'a')
        torch.cumprod(x)
        torch.diagflat(x, 1.5)
        torch.dist(x, 2.0)
        torch.dist(x, y, 'a')
        torch.dstack(x)
        torch.dstack([x, 2.0])
        torch.fmax(x, 2.0)
        torch.fmin(x, 2.0)
        torch.grid_sampler_3d(c[None])
        torch.grid_sampler_2d(c[None])
        torch.inner(x, 2.0)
        torch.kron(x, 2.0)
        torch.lerp(x, y)
        torch.lerp(x, y, 'a')
        torch.linalg.vector_norm(x, 'a')
        torch.median(x, dim=0, keepdim='a')
        torch.minimum(x, 2.0)
        torch.movedim(x, 0)
        torch.nan_to_num(x, 'a')
        torch.tile(x, 'a')
        torch.triu(x, 'a')
        x.expand_as(2)
        x.reshape_as(2)
        F.layer_norm(x)
        F.rms_norm(x)
        F.pairwise_distance(x, 2.0)
        F.embedding(t)
        F.pad(x)
        F.pad(x, 'a')
        torch.hypot(x, 2.0)
        torch.atan2(x, 2.0)
        torch.logit(x, 'a')
        torch.round(x, decimals='a')
        torch.sign(2)
        torch.sgn('a')
        torch.polygamma(1.5, x)
        F.threshold(x)
        F.threshold(x, 0.5)
        torch.lerp(x, a)
        F.lp_pool1d(c, 0)
        F.lp_pool1d(c, 1, stride=0)
        F.lp_pool1d(c, -1)
        F.lp_pool1d(c, 9)
        F.lp_pool2d(c[:, None], 0)
        F.lp_pool2d(c[:, None], 1, stride=0)
        F.lp_pool2d(c[:, None], -1)
        F.lp_pool2d(c[:, None], 9)
        F.lp_pool3d(c[:, None, None], 0)
        F.lp_pool3d(c[:, None, None], 1, stride=0)
        F.lp_pool3d(c[:, None, None], -1)
        F.lp_pool3d(c[:, None, None], 9)
    """,
    "autograd": """
        F.binary_cross_entropy(prob, target, v)
        F.binary_cross_entropy_with_logits(x, target, v)
        F.binary_cross_entropy_with_logits(x, target, pos_weight=p)
        F.soft_margin_loss(x, y[:, :2])
        F.soft_margin_loss(x, a)
    """,
    "dimension-out-of-range": """
        torch.amin(x, 2)
        torch.amin(x, (0, 0))
        torch.cummin(x, 2)
        torch.cumprod(x, 2)
        torch.diff(x, dim=2)
        torch.index_fill(x, 2, t, 0.0)
        torch.linalg.matrix_norm(x, dim=(0, 2))
        torch.linalg.tensorsolve(m, v, dims=(0, 3))
        torch.linalg.vecdot(x, y, dim=2)
        torch.linalg.vector_norm(x, dim=2)
        torch.median(x, 2)
        torch.min(x, 2)
        torch.movedim(x, 0, 2)
        torch.movedim(x, (0, 0), (0, 1))
        torch.nanmedian(x, 2)
        torch.trapz(x, dim=2)
        F.cosine_similarity(x, y, dim=2)
        F.glu(x, 4)
        F.softmin(x, 5)
        F.log_softmax(x, dim=5)
        F.normalize(x, dim=5)
        torch.movedim(x, (0, 1), (1, -1))
        torch.trapz(s)
    """,
    "dtype-mismatch": """
        F.logsigmoid(j)
        torch.std_mean(j, dim=0)
        torch.var_mean(j)
        F.hardtanh(mask)
        F.relu6(mask)
        torch.index_fill(x, 0, v, 0.0)
        torch.inner(x, f)
        torch.lerp(x, f, 0.5)
        torch.linalg.vecdot(x, f)
        torch.linalg.vector_norm(j)
        torch.masked_select(x, j)
        torch.pinverse(j)
        torch.rsub(mask, mask)
        torch.rsub(j, n, alpha=0.5)
        torch.vdot(v, g)
        F.layer_norm(j, (3,))
        F.cosine_similarity(j, j)
        F.embedding(x, a)
        F.one_hot(x)
        F.one_hot(short)
        F.normalize(j)
        torch.masked_select(x, a)
        F.max_unpool1d(c, c, 2)
        F.max_unpool2d(c[:, None], c[:, None], 2)
    """,
    "index-out-of-range": """
        torch.amin(hollow, 1)
        torch.index_fill(x, 1, torch.tensor([3]), 0.0)
        torch.median(hollow, 1)
        torch.min(hollow, 1)
        torch.nanmedian(hollow, 1)
        F.embedding(torch.tensor([3]), a)
        F.embedding(torch.tensor([-1]), a)
        F.max_unpool1d(c, c.long() * 0 + 99, 1)
        F.max_unpool2d(c[:, None], c[:, None].long() * 0 + 99, 1)
        F.max_unpool3d(c[:, None, None], c[:, None, None].long() * 0 + 99, 1)
    """,
    "not-supported": """
        F.pad(x, (1, 1), mode='mirror')
    """,
    "shape-mismatch": """
        torch.mv(c, c)
        x > a
        torch.cholesky_inverse(v)
        torch.addbmm(a, c, d)
        torch.addmm(x, x, x)
        torch.addmm(x, c, m)
        torch.addmm(a, x, m)
        torch.addmv(r, x, r)
        torch.addmv(r, c, v)
        torch.addmv(r, x, x)
        torch.addr(x, v, v)
        torch.baddbmm(c, c, c)
        torch.baddbmm(a, c, d)
        torch.amin(empty)
        torch.constant_pad_nd(x, (-4, 0))
        torch.diff(s)
        torch.dstack([x, a])
        torch.hstack([x, v])
        torch.hstack([x, a])
        torch.vstack([x, a])
        torch.vstack([x, c])
        torch.einsum('ij,jk->ik', x, x)
        torch.einsum('ij->', c)
        torch.einsum('ii', x)
        torch.grid_sampler_2d(c[None], c[None], 0, 0, False)
        torch.index_fill(x, 0, t[:1], v)
        torch.linalg.matrix_norm(v)
        torch.linalg.tensorinv(x)
        torch.linalg.vector_norm(empty, -1)
        torch.linalg.vector_norm(empty, float('inf'))
        torch.masked_select(x, mask[:, :2])
        torch.min(empty)
        torch.pinverse(v)
        torch.tensordot(x, y, 1)
        torch.tensordot(x, y, dims=([0], [1]))
        torch.tensordot(x, y, dims=([0, 0], [0, 1]))
        torch.trapz(x, r)
        torch.triu(v)
        torch.triu(s)
        torch.vdot(v, r)
        torch.vdot(x, y)
        v.mT
        x.expand_as(a)
        x.reshape_as(v)
        x.view_as(v)
        x.t().view_as(line)
        F.layer_norm(x, (2,))
        F.layer_norm(x, (3,), r)
        F.layer_norm(x, (3,), v, r)
        F.rms_norm(x, (3,), r)
        F.cosine_similarity(x, a)
        F.pairwise_distance(x, a)
        F.embedding(t, v)
        F.pad(x, (3, 1), mode='reflect')
        F.pad(c, (3, 0), mode='reflect')
        F.pad(c, (4, 0), mode='circular')
        F.pad(c, (-4, 0), mode='replicate')
        F.pad(x, (-4, 0))
        F.upsample_bilinear(c, size=4)
        F.upsample_nearest(c, size=(4, 4))
        F.upsample_nearest(c, size=0)
        F.upsample_nearest(c, scale_factor=-1)
        F.upsample_nearest(c, scale_factor=(2, 2))
        F.interpolate(c, scale_factor=2, mode='bilinear')
        F.prelu(x, r)
        torch.trace(v)
        torch.trace(c)
        torch.broadcast_tensors(x, a)
        F.glu(x)
        F.glu(s)
        F.binary_cross_entropy(prob, target[0])
        F.binary_cross_entropy_with_logits(x, target[0])
        F.cosine_embedding_loss(x, y, v)
        F.hinge_embedding_loss(x, y[0, :2])
        F.kl_div(x, y[:, :2])
        F.poisson_nll_loss(x, y[:, :2])
        F.pad(c, (-4, 0), mode='reflect')
        F.pad(c, (-4, 0), mode='circular')
        torch.linalg.norm(v, 'nuc')
        torch.pairwise_distance(x, a)
        F.max_pool3d(c[:, None, None], 9)
    """,
    "value": """
        torch.diff(x, -1)
        torch.einsum('ij,jk->ik', x)
        torch.einsum('ij->k', x)
        torch.einsum('i1->i', x)
        torch.einsum('ij->ii', x)
        torch.einsum('ij,jk->ik->', x, m)
        torch.linalg.matrix_norm(x, 3)
        torch.linalg.matrix_norm(x, 'a')
        torch.linalg.matrix_norm(x, dim=(0, 1, 2))
        torch.movedim(x, (0, 1), 0)
        torch.tensordot(x, y, 3)
        torch.tensordot(x, y, dims=([0, 1], [1]))
        torch.tensordot(x, y, dims=-1)
        torch.tile(x, (2, -1))
        F.layer_norm(x, ())
        F.rms_norm(x, ())
        F.embedding(t, a, padding_idx=7)
        F.embedding(t, a, padding_idx=-7)
        F.one_hot(t, 2)
        F.one_hot(torch.tensor([-1]))
        F.one_hot(t, num_classes=0)
        F.one_hot(torch.zeros(0, dtype=torch.int64))
        F.one_hot(j.abs(), 3)
        F.pad(x, (1,))
        F.pad(x, (1, 1, 1, 1, 1, 1))
        F.pad(x, (1, 1), mode='reflect', value=2.0)
        F.upsample_bilinear(c[None])
        F.upsample_bilinear(c[None], size=(4, 4), scale_factor=2)
        F.upsample_nearest(c)
        torch.celu(x, 0.0)
        torch.special.polygamma(-1, x)
        F.celu(x, 0)
        F.softshrink(x, -1.0)
        F.softshrink(x, lambd=-0.5)
        F.hardtanh(x, 2.0, 1.0)
        F.gelu(x, approximate='exact')
        F.binary_cross_entropy(x * 10, target)
        F.huber_loss(x, y, delta=0.0)
        F.smooth_l1_loss(x, y, beta=-1.0)
        F.gaussian_nll_loss(x, y, -p)
        F.triplet_margin_loss(x, y, y, margin=-1)
        F.multi_margin_loss(x, label, p=3)
        F.cross_entropy(x, label, label_smoothing=2.0)
        F.adaptive_max_pool3d(c[:, None, None], -1)
    """,
}


def _calls(code: str) -> str:
    """The wrong calls of families and of single functions with a code."""
    made = [call.format(name) for call, its_code, names in FAMILIES if its_code == code for name in names.split()]
    return "\n".join([*made, textwrap.dedent(SINGLE.get(code, ""))])


LINES: dict[str, str] = {code: _calls(code) for code in sorted({*SINGLE, *(code for _, code, _ in FAMILIES)})}
PROGRAMS: dict[str, str] = {}
