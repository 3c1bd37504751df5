# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""A checkpoint in the published layout with seeded, calibrated weights."""
import json
import pathlib

import librosa
import numpy
import safetensors.torch
import torch

import english_bpe
import gpt2_bpe
import multilingual_bpe
import upstream
import weights

# Where the scalar quantiser rounds to another level: atanh(0.5 / 0.999).
ROUNDING = float(numpy.arctanh(0.5 / 0.9990000128746033))


class Checkpoint:
    """Upstream's modules holding the weights; `config` None: published sizes.

    A small model's matrices are numbers that float16 holds, and are stored so.
    """

    def __init__(self, up, family, config, seed, pitch_spread_hz=8.0):
        self.up, self.family, self.config, self.seed = up, family, config, seed
        self.pitch_spread_hz = pitch_spread_hz
        self.voice_encoder, self.t3, self.s3gen = upstream.build(up, family, config)
        weights.fill(self.voice_encoder, seed, "ve.")
        weights.fill(self.t3, seed, "t3.")
        weights.fill(self.s3gen, seed, "s3gen.")
        if config:
            for module in self.parts():
                for parameter in module.parameters():
                    if parameter.dim() > 1:
                        parameter.copy_(parameter.half().float())
        self._quieten_special_tokens()

    def parts(self):
        return self.voice_encoder, self.t3, self.s3gen

    def redraw_head(self, attempt):
        """Other logits, for when two tokens came too close to call."""
        head = self.t3.speech_head.weight
        torch.nn.init.normal_(head, std=weights.LOGIT_SPREAD / head.shape[1] ** 0.5,
                              generator=weights.generator(self.seed, f"head {attempt}"))
        self._quieten_special_tokens()

    def _quieten_special_tokens(self):
        # Tokens that are not speech stay unlikely, so that decoding goes on.
        head = self.t3.speech_head.weight
        head[self.t3.hp.start_speech_token:] *= 0.05
        if self.config:
            head.copy_(head.half().float())

    @torch.inference_mode()
    def calibrate(self, recordings):
        """Puts statistics where a trained model has them. `recordings`: paths."""
        waves = [librosa.load(path, sr=24000)[0] for path in recordings]
        if self.family.gpt2:
            with self.up.loudness():
                waves[0] = self.up.turbo.ChatterboxTurboTTS.norm_loudness(None, waves[0], 24000)
        self._voice_encoder(waves[0])
        self._norm_statistics(waves[0])
        self._quantiser(waves, recordings)
        self._vocoder(waves[0])

    def save(self, directory):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        names = "ve.safetensors", self.family.t3_file, self.family.s3gen_file
        for name, module in zip(names, self.parts()):
            tensors = {key: self._stored(key, value) for key, value in module.state_dict().items()}
            if self.config:  # buffers that upstream recomputes when the file lacks them
                tensors.pop("tokenizer._mel_filters", None)
            if self.config or not self.family.gpt2:
                tensors.pop("tokenizer.window", None)
            safetensors.torch.save_file(tensors, directory / name)
        self._save_text(directory)
        if self.config:
            config = dict(self.config)
            if self.family.language:  # which of its versions
                config["files"] = {"t3": self.family.t3_file}
            (directory / "config.json").write_text(json.dumps(config, indent=1) + "\n")

    def _save_text(self, directory):
        size = {"size": self.config["t3"]["text_vocab"]} if self.config else {}
        if self.family.gpt2:
            gpt2_bpe.save(directory, **size)
        elif self.family.language:
            multilingual_bpe.save(directory, **size, seed=self.seed)
        else:
            (directory / "tokenizer.json").write_text(
                json.dumps(english_bpe.make(), ensure_ascii=False, indent=0), encoding="utf-8")

    def _stored(self, key, value):
        if self.config and value.dim() > 1 and torch.equal(value, value.half().float()):
            value = value.half()
        return value.contiguous()

    def _voice_encoder(self, wave):
        # Mel power spans many decades; the LSTM should see values near one.
        import chatterbox.models.voice_encoder.voice_encoder as ve
        mel = ve.melspectrogram(librosa.resample(wave, orig_sr=24000, target_sr=16000),
                                self.voice_encoder.hp)
        self.voice_encoder.lstm.weight_ih_l0 *= 3.0 / float(numpy.sqrt((mel ** 2).mean()) + 1e-6)

    def _norm_statistics(self, wave):
        # Batch norms take this recording's mean and variance.
        encoder = self.s3gen.speaker_encoder
        norms = [m for m in encoder.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]

        def measure(norm, inputs):
            (x,) = inputs
            axes = [0] + list(range(2, x.dim()))
            norm.running_mean.copy_(x.mean(axes))
            spread = x.var(axes, unbiased=False) if x.shape[0] * x.shape[-1] > 1 else \
                torch.full_like(norm.running_mean, float(x.var()))
            norm.running_var.copy_(spread + 0.05 * spread.mean() + 1e-4)

        # The last norm has one value for each channel: its mean would cancel it.
        last = encoder.xvector.dense.nonlinear.batchnorm
        hooks = [n.register_forward_pre_hook(measure) for n in norms if n is not last]
        wave16 = librosa.resample(wave[:240000], orig_sr=24000, target_sr=16000)
        encoder.inference(torch.from_numpy(wave16)[None])
        for hook in hooks:
            hook.remove()
        random = weights.generator(self.seed, "last norm")
        last.running_mean.copy_(0.1 * torch.randn(last.running_mean.shape, generator=random))
        last.running_var.copy_(1 + 0.5 * torch.rand(last.running_var.shape, generator=random))

    def _quantiser(self, waves, recordings):
        # Spread each dimension over its three levels, and move its bias to
        # where these recordings keep clear of the rounding limits: those to be
        # converted are read at 16 kHz at once.
        tokenizer = self.s3gen.tokenizer
        down = tokenizer.quantizer._codebook.project_down
        seen = []
        hook = down.register_forward_hook(lambda m, i, o: seen.append(o.reshape(-1, o.shape[-1])))
        for wave in waves:
            wave16 = librosa.resample(wave, orig_sr=24000, target_sr=16000)
            tokenizer.forward([wave16])
            tokenizer.forward([wave16[:16000 * self.family.prompt_seconds]],
                              max_len=self.t3.hp.speech_cond_prompt_len)
            tokenizer.forward(self.up.s3gen.get_resampler(24000, 16000, "cpu")(
                torch.from_numpy(wave[:240000])[None]))
        for path in recordings[1:]:
            tokenizer.forward([librosa.load(path, sr=16000)[0]])
        hook.remove()
        values = torch.cat(seen).double()
        scale = 0.9 / values.std(0)
        values = values * scale
        values -= values.mean(0)
        bias = []
        for column in values.T:
            shifts = torch.linspace(-0.25, 0.25, 2001, dtype=torch.float64)
            moved = column[None] + shifts[:, None]
            margin = torch.minimum((moved - ROUNDING).abs().amin(1), (moved + ROUNDING).abs().amin(1))
            bias.append(shifts[margin.argmax()])
        self.quantiser_margin = float(margin.max())
        means = (torch.cat(seen).double() * scale).mean(0)
        down.weight.copy_((down.weight.double() * scale[:, None]).float())
        down.bias.copy_((down.bias.double() * scale - means + torch.stack(bias)).float())

    def _vocoder(self, wave):
        # Pitch of a low voice; level that is neither silence nor clipping. A
        # wide spread takes some frames below the voicing limit, and makes the
        # phase of sines, a sum over all frames before, more sensitive to rounding.
        mel = self._example_mel(wave)
        predictor = self.s3gen.mel2wav.f0_predictor
        hidden = predictor.condnet(mel).transpose(1, 2)
        pitch = hidden @ predictor.classifier.weight.T
        scale = self.pitch_spread_hz / float(pitch.std())
        predictor.classifier.weight *= scale
        predictor.classifier.bias.fill_(70.0 - scale * float(pitch.mean()))
        vocoder = self.s3gen.mel2wav
        half = vocoder.istft_params["n_fft"] // 2 + 1
        vocoder.conv_post.bias[:half] = -2.0
        for _ in range(3):
            speech, _ = vocoder.inference(speech_feat=mel)
            level = float(speech.square().mean().sqrt())
            vocoder.conv_post.bias[:half] += float(numpy.log(0.12 / level))

    def _example_mel(self, wave):
        reference = self.s3gen.embed_ref(wave[:72000], 24000, device="cpu")
        tokens = torch.randint(0, self.s3gen.flow.vocab_size, (1, 50),
                               generator=weights.generator(self.seed, "example"))
        torch.manual_seed(self.seed)
        return self.s3gen.flow_inference(tokens, ref_dict=reference, finalize=True)
