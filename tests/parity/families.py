# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""What the members of the Chatterbox family differ in, as far as a comparison goes."""
import dataclasses

# Options with which each kind of T3 is asked to speak: never upstream's defaults, so that one
# that is passed on wrongly shows.
LLAMA_OPTIONS = {"exaggeration": 0.7, "cfg_weight": 0.5, "temperature": 0.8,
                 "repetition_penalty": 1.2, "min_p": 0.05, "top_p": 0.9}
GPT2_OPTIONS = {"temperature": 0.8, "repetition_penalty": 1.2, "top_k": 300, "top_p": 0.9}

LLAMA_FILTERS = ("guided", "penalised", "tempered", "min_p", "top_p")
GPT2_FILTERS = ("tempered", "top_k", "top_p", "penalised")


@dataclasses.dataclass(frozen=True)
class Family:
    name: str
    t3_file: str
    s3gen_file: str
    gpt2: bool = False  # T3 is a GPT-2, S3Gen a mean flow, the reference is made as loud as others
    language: bool = False  # the text has a language

    @property
    def options(self):
        return GPT2_OPTIONS if self.gpt2 else LLAMA_OPTIONS

    @property
    def filters(self):
        """T3's operations on logits, in turn."""
        return GPT2_FILTERS if self.gpt2 else LLAMA_FILTERS

    @property
    def prompt_seconds(self):
        return 15 if self.gpt2 else 6


FAMILIES = {family.name: family for family in (
    Family("english", "t3_cfg.safetensors", "s3gen.safetensors"),
    Family("turbo", "t3_turbo_v1.safetensors", "s3gen_meanflow.safetensors", gpt2=True),
    Family("nano", "t3_nano_v1.safetensors", "s3gen_meanflow.safetensors", gpt2=True),
    Family("multilingual", "t3_mtl23ls_v3.safetensors", "s3gen.safetensors", language=True),
)}
LANGUAGES = ("ar da de el en es fi fr he hi it ja ko ms nl no pl pt ru sv sw tr zh").split()


def multilingual(version):
    """The multilingual model, version v2 or v3: they differ in their T3's weights."""
    return dataclasses.replace(FAMILIES["multilingual"], t3_file=f"t3_mtl23ls_{version}.safetensors")


def of_directory(directory):
    """The family whose T3 lies in a directory; English, or the first, where there are several."""
    for family in (*FAMILIES.values(), multilingual("v2")):
        if (directory / family.t3_file).exists():
            return family
    raise FileNotFoundError(f"{directory}: expected a T3 of a known family, found none")
