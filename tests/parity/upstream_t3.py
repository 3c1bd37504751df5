# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Upstream's T3 on either backbone; upstream.py says how small ones come about."""


def published(up, family):
    """With the published sizes."""
    if family.language:
        return up.t3.T3(up.t3.T3Config.multilingual())
    if not family.gpt2:
        return up.t3.T3()
    # As from_local of ChatterboxTurboTTS has them.
    hp = up.t3.T3Config(text_tokens_dict_size=50276)
    hp.llama_config_name = "GPT2_small" if family.name == "nano" else "GPT2_medium"
    hp.speech_tokens_dict_size = 6563
    return up.t3.T3(_without_llama(hp, 375))


def _without_llama(hp, prompt_tokens):
    """What a T3 on GPT-2 has not."""
    hp.input_pos_emb = None
    hp.speech_cond_prompt_len = prompt_tokens
    hp.use_perceiver_resampler = False
    hp.emotion_adv = False
    return hp


def small(up, family, sizes):
    return _gpt2(up, sizes) if family.gpt2 else _llama(up, sizes)


def _gpt2(up, sizes):
    base = dict(up.llama.LLAMA_CONFIGS["GPT2_small"])
    base.update(n_layer=sizes["layers"], n_embd=sizes["hidden"], hidden_size=sizes["hidden"],
                n_head=sizes["heads"], n_inner=sizes["intermediate"], vocab_size=sizes["text_vocab"],
                n_positions=sizes["max_positions"], n_ctx=sizes["max_positions"],
                layer_norm_epsilon=sizes["norm_eps"])
    up.llama.LLAMA_CONFIGS["parity"] = base
    hp = up.t3.T3Config(sizes["text_vocab"])
    hp.llama_config_name = "parity"
    hp.speech_tokens_dict_size = sizes["speech_vocab"]
    hp.speaker_embed_size = sizes["speaker_embedding"]
    return up.t3.T3(_without_llama(hp, sizes["speech_prompt_tokens"]))


def _llama(up, sizes):
    base = dict(up.llama.LLAMA_CONFIGS["Llama_520M"])
    scaling = sizes["rope_scaling"]
    base.update(
        hidden_size=sizes["hidden"], intermediate_size=sizes["intermediate"],
        num_hidden_layers=sizes["layers"], num_attention_heads=sizes["heads"],
        num_key_value_heads=sizes["heads"], head_dim=sizes["head_dim"],
        rms_norm_eps=sizes["rms_eps"], rope_theta=sizes["rope_theta"],
        rope_scaling=dict(
            rope_type="llama3", factor=scaling["factor"],
            low_freq_factor=scaling["low_freq_factor"],
            high_freq_factor=scaling["high_freq_factor"],
            original_max_position_embeddings=scaling["original_positions"]))
    up.llama.LLAMA_CONFIGS["parity"] = base
    hp = up.t3.T3Config(sizes["text_vocab"])
    hp.llama_config_name = "parity"
    hp.start_text_token = sizes["start_text"]
    hp.stop_text_token = sizes["stop_text"]
    hp.max_text_tokens = sizes["max_text_tokens"]
    hp.start_speech_token = sizes["start_speech"]
    hp.stop_speech_token = sizes["stop_speech"]
    hp.speech_tokens_dict_size = sizes["speech_vocab"]
    hp.max_speech_tokens = sizes["max_speech_tokens"]
    hp.speech_cond_prompt_len = sizes["speech_prompt_tokens"]
    hp.speaker_embed_size = sizes["speaker_embedding"]
    t3 = up.t3.T3(hp)
    t3.cond_enc.perceiver = up.perceiver.Perceiver(
        sizes["perceiver_queries"], sizes["hidden"], sizes["hidden"], sizes["perceiver_heads"])
    return t3
