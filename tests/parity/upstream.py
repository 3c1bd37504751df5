# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Upstream's classes, at the sizes that a config.json of ours names.

Upstream fixes many sizes in its code, so a small model is built by making
each module with small sizes and putting it where the large one was. Nothing
of upstream's arithmetic is changed.
"""
import contextlib
import importlib.metadata
import logging
import pathlib
import sys
import types
import warnings

import upstream_t3

REVISION = "5de7a54"


def load(directory):
    """Imports the checkout in `directory` and returns the modules used here."""
    # The package asks for its own version, which a plain checkout has not got.
    installed = importlib.metadata.version
    importlib.metadata.version = (
        lambda name: "0" if name == "chatterbox-tts" else installed(name))
    root = pathlib.Path(directory)
    sys.path.insert(0, str(root / "src" if (root / "src").is_dir() else root))
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)

    import perth
    perth.PerthImplicitWatermarker = _NoWatermark
    import chatterbox.models.t3.t3 as t3
    t3.tqdm = lambda steps, **_: steps
    import chatterbox.mtl_tts as mtl
    import chatterbox.tts as tts
    import chatterbox.tts_turbo as turbo
    import chatterbox.vc as vc
    import chatterbox.models.s3gen.s3gen as s3gen
    import chatterbox.models.s3gen.decoder as decoder
    import chatterbox.models.s3gen.f0_predictor as f0_predictor
    import chatterbox.models.s3gen.flow_matching as flow_matching
    import chatterbox.models.s3gen.hifigan as hifigan
    import chatterbox.models.s3gen.transformer.upsample_encoder as encoder
    import chatterbox.models.s3gen.xvector as xvector
    import chatterbox.models.t3.llama_configs as llama
    import chatterbox.models.t3.modules.perceiver as perceiver
    import chatterbox.models.tokenizers.tokenizer as text
    import chatterbox.models.voice_encoder as voice_encoder
    import s3tokenizer.model_v2 as tokenizer
    flow_matching.tqdm = lambda steps, **_: steps
    flow_matching.print = lambda *_: None
    return types.SimpleNamespace(
        tts=tts, turbo=turbo, mtl=mtl, vc=vc, t3=t3, s3gen=s3gen, decoder=decoder,
        hifigan=hifigan, f0_predictor=f0_predictor, encoder=encoder, xvector=xvector, llama=llama,
        perceiver=perceiver, voice_encoder=voice_encoder, tokenizer=tokenizer, text=text,
        loudness=_loudness)


class _NoWatermark:
    """The watermark is not part of the comparison; audio passes unchanged."""

    def apply_watermark(self, wav, sample_rate=None):
        return wav


@contextlib.contextmanager
def _loudness():
    """A list that fills with the loudness of what is measured within the block, in LUFS. The
    figures are Python's numbers: with numpy 2, numpy's own would turn the wave they multiply into
    float64, which upstream does not expect."""
    import pyloudnorm
    measured, original = [], pyloudnorm.Meter.integrated_loudness

    def measure(meter, wave):
        measured.append(float(original(meter, wave)))
        return measured[-1]
    pyloudnorm.Meter.integrated_loudness = measure
    try:
        yield measured
    finally:
        pyloudnorm.Meter.integrated_loudness = original


def build(up, family, config):
    """(voice encoder, t3, s3gen) of upstream; `config` None: published sizes."""
    if config is None:
        return (up.voice_encoder.VoiceEncoder().eval(), upstream_t3.published(up, family).eval(),
                up.s3gen.S3Token2Wav(meanflow=family.gpt2).eval())
    return (_voice_encoder(up, config["voice_encoder"]).eval(),
            upstream_t3.small(up, family, config["t3"]).eval(),
            _s3gen(up, config, family.gpt2).eval())


def assemble(up, family, parts, tokenizer):
    """Upstream's class of a family, around its three models."""
    voice_encoder, t3, s3gen = parts
    kind = up.turbo.ChatterboxTurboTTS if family.gpt2 else \
        up.mtl.ChatterboxMultilingualTTS if family.language else up.tts.ChatterboxTTS
    return kind(t3, s3gen, voice_encoder, tokenizer, "cpu")


def _voice_encoder(up, sizes):
    hp = up.voice_encoder.VoiceEncConfig()
    hp.num_mels = sizes["mels"]
    hp.ve_hidden_size = sizes["hidden"]
    hp.speaker_embed_size = sizes["embedding"]
    return up.voice_encoder.VoiceEncoder(hp)


def _s3gen(up, config, meanflow):
    model = up.s3gen.S3Token2Wav.__new__(up.s3gen.S3Token2Wav)
    import torch
    with torch.device("meta"):  # the full-size modules below are thrown away
        full = up.s3gen.S3Token2Wav(meanflow)
    model.__dict__.update(full.__dict__)
    model._modules = dict(full._modules)
    fade = up.s3gen.S3GEN_SR // 50
    trim = torch.zeros(2 * fade)
    trim[fade:] = (torch.cos(torch.linspace(torch.pi, 0, fade)) + 1) / 2
    model._buffers = {"trim_fade": trim}

    model.tokenizer = _tokenizer(up, config["s3tokenizer"])
    model.speaker_encoder = _xvector(up, config["xvector"])
    sizes = config["s3gen"]
    estimator = sizes["estimator"]
    velocity = up.decoder.ConditionalDecoder(
        in_channels=320, out_channels=80, causal=True, channels=[estimator["channels"]],
        dropout=0.0, attention_head_dim=estimator["head_dim"], n_blocks=estimator["blocks"],
        num_mid_blocks=estimator["mid_blocks"], num_heads=estimator["heads"], act_fn="gelu",
        meanflow=meanflow)
    solver = up.s3gen.CausalConditionalCFM(
        spk_emb_dim=80, cfm_params=up.s3gen.CFM_PARAMS, estimator=velocity)
    model.flow = up.s3gen.CausalMaskedDiffWithXvec(
        input_size=sizes["encoder"]["size"], spk_embed_dim=config["xvector"]["embedding"],
        vocab_size=3 ** config["s3tokenizer"]["codebook_dims"],
        encoder=_token_encoder(up, sizes["encoder"]), decoder=solver)
    hift = config["hift"]
    model.mel2wav = up.s3gen.HiFTGenerator(
        base_channels=hift["channels"], nb_harmonics=hift["harmonics"],
        sampling_rate=up.s3gen.S3GEN_SR, upsample_rates=[8, 5, 3],
        upsample_kernel_sizes=[16, 11, 7], source_resblock_kernel_sizes=[7, 7, 11],
        source_resblock_dilation_sizes=[[1, 3, 5]] * 3,
        f0_predictor=up.f0_predictor.ConvRNNF0Predictor(cond_channels=hift["f0_channels"]))
    return model


def _tokenizer(up, sizes):
    state, heads, layers = sizes["state"], sizes["heads"], sizes["layers"]
    import torch
    with torch.device("meta"):
        full = up.s3gen.S3Tokenizer("speech_tokenizer_v2_25hz")
    small = up.s3gen.S3Tokenizer.__new__(up.s3gen.S3Tokenizer)
    small.__dict__.update(full.__dict__)
    small._modules, small._buffers = {}, {}
    import librosa
    small.register_buffer("_mel_filters", torch.FloatTensor(
        librosa.filters.mel(sr=16000, n_fft=400, n_mels=sizes["mels"])))
    small.register_buffer("window", torch.hann_window(400))
    small.encoder = up.tokenizer.AudioEncoderV2(sizes["mels"], state, heads, layers, 2, False)
    small.encoder.freqs_cis = up.tokenizer.precompute_freqs_cis(state // heads, 2048)
    small.quantizer = up.tokenizer.FSQVectorQuantization(state, 3 ** 8)
    return small


def _xvector(up, sizes):
    x = up.xvector
    import torch
    with torch.device("meta"):
        net = x.CAMPPlus(memory_efficient=False)
    style = "batchnorm-relu"
    net.head = x.FCM(m_channels=sizes["head_channels"], feat_dim=sizes["features"])
    channels = sizes["channels"]
    parts = {"tdnn": x.TDNNLayer(net.head.out_channels, channels, 5, stride=2, padding=-1,
                                 config_str=style)}
    for i, (layers, dilation) in enumerate(zip(sizes["layers"], (1, 2, 2)), 1):
        parts[f"block{i}"] = x.CAMDenseTDNNBlock(
            layers, channels, sizes["growth"], sizes["bottleneck"] * sizes["growth"],
            kernel_size=3, dilation=dilation, config_str=style)
        channels += layers * sizes["growth"]
        parts[f"transit{i}"] = x.TransitLayer(channels, channels // 2, bias=False,
                                              config_str=style)
        channels //= 2
    parts["out_nonlinear"] = x.get_nonlinear(style, channels)
    parts["stats"] = x.StatsPool()
    parts["dense"] = x.DenseLayer(channels * 2, sizes["embedding"], config_str="batchnorm_")
    from collections import OrderedDict
    net.xvector = torch.nn.Sequential(OrderedDict(parts))
    return net


def _token_encoder(up, sizes):
    size = sizes["size"]
    encoder = up.encoder.UpsampleConformerEncoder(
        input_size=size, output_size=size, attention_heads=sizes["heads"],
        linear_units=sizes["ffn"], num_blocks=sizes["blocks"], dropout_rate=0.1,
        positional_dropout_rate=0.1, attention_dropout_rate=0.1, normalize_before=True,
        input_layer="linear", pos_enc_layer_type="rel_pos_espnet",
        selfattention_layer_type="rel_selfattn", use_cnn_module=False, macaron_style=False)
    encoder.pre_lookahead_layer = up.encoder.PreLookaheadLayer(size, 3)
    encoder.up_layer = up.encoder.Upsample1D(size, size, 2)
    encoder.up_encoders = encoder.up_encoders[:sizes["up_blocks"]]
    return encoder
