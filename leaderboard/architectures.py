"""Which architecture family a model is of, where its config.json was not read.

A family is the `model_type` of config.json. mteb's registry does not hold it, but tells it in two ways: some of its
loaders load one class of transformers and no other, and some names are those of a family, given by who made it. A model
that was adapted from another has its family. What config.json says counts more than either.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

# Loaders of mteb that load exactly one class.
OF_LOADER = {
    "ALIGNModel": "align",
    "ASTWrapper": "audio-spectrogram-transformer",
    "AudioFlamingoWrapper": "audioflamingo3",
    "BLIPModel": "blip",
    "ClapZeroShotWrapper": "clap",
    "ColQwen2_5OmniWrapper": "qwen2_5_omni",
    "ColQwen2_5Wrapper": "qwen2_5_vl",
    "ColQwen2Wrapper": "qwen2_vl",
    "ColQwen3_5Wrapper": "qwen3_5",
    "BiQwen2_5Wrapper": "qwen2_5_vl",
    "Data2VecAudioWrapper": "data2vec-audio",
    "E5VModel": "llava_next",
    "EagerEmbedV1Wrapper": "qwen3_vl",
    "EncodecWrapper": "encodec",
    "GVEWrapper": "qwen2_5_vl",
    "HubertWrapper": "hubert",
    "LCOEmbedding": "qwen2_5_omni",
    "MCTCTWrapper": "mctct",
    "MMSWrapper": "wav2vec2",
    "Model2VecModel": "model2vec",
    "MoCaWrapper": "qwen2_5_vl",
    "PEAudioVisualWrapper": "pe_audio_video",
    "Qwen2AudioWrapper": "qwen2_audio",
    "RzenEmbedWrapper": "qwen2_vl",
    "SeamlessM4TWrapper": "seamless_m4t_v2",
    "SewDWrapper": "sew-d",
    "SpeechT5Audio": "speecht5",
    "SpeechT5Text": "speecht5",
    "UMER1Wrapper": "qwen2_vl",
    "UniMEV2Wrapper": "llava_onevision",
    "UniSpeechWrapper": "unispeech-sat",
    "UniteWrapper": "qwen2_vl",
    "VirtueWrapper": "qwen2_vl",
    "VLM2VEC2Wrapper": "qwen2_vl",
    "WavlmWrapper": "wavlm",
    "WhisperAudioWrapper": "whisper",
    "XCLIPModel": "xclip",
    "blip2_loader": "blip-2",
}

# Names of whole families under the organisations that made them. The first that fits counts.
_OF_NAME = {
    r"(google-bert|neuralmind|tohoku-nlp|dbmdz)/bert-": "bert",
    r"google/bert_uncased_": "bert",
    r"aubmindlab/bert-base-arabertv": "bert",
    r"BAAI/bge-(small|base|large)-(en|zh)": "bert",
    r"intfloat/e5-(small|base|large)": "bert",
    r"intfloat/multilingual-e5-small": "bert",
    r"microsoft/Multilingual-MiniLM-": "bert",
    r"nreimers/MiniLM-": "bert",
    r"cross-encoder/ms-marco-(MiniLM|TinyBERT)-": "bert",
    r"sentence-transformers/(all-MiniLM-|paraphrase-multilingual-MiniLM-|LaBSE$)": "bert",
    r"sentence-transformers/(all|multi-qa)-mpnet-": "mpnet",
    r"microsoft/mpnet-": "mpnet",
    r"sentence-transformers/paraphrase-multilingual-mpnet-": "xlm-roberta",
    r"FacebookAI/xlm-roberta-(base|large)": "xlm-roberta",
    r"intfloat/multilingual-e5-(base|large)": "xlm-roberta",
    r"BAAI/bge-m3": "xlm-roberta",
    r"BAAI/bge-reranker-v2-m3": "xlm-roberta",
    r"((FacebookAI|klue)/roberta-|ai-forever/ruRoberta-)": "roberta",
    r"sdadas/polish-roberta-(base|large)-v2": "roberta",
    r"distilbert/distilbert-": "distilbert",
    r"microsoft/(mdeberta-|deberta-v3-)": "deberta-v2",
    r"deepvk/deberta-v1-": "deberta",
    r"answerdotai/ModernBERT-": "modernbert",
    r"sbintuitions/modernbert-": "modernbert",
    r"deepvk/RuModernBERT-": "modernbert",
    r"jhu-clsp/(ettin-encoder|mmBERT)-": "modernbert",
    r"Alibaba-NLP/gte-modernbert-": "modernbert",
    r"EuroBERT/EuroBERT-": "eurobert",
    r"nomic-ai/(nomic-bert|nomic-xlm|nomic-embed-text)-": "nomic_bert",
    r"google-t5/t5-": "t5",
    r"google/flan-t5-": "t5",
    r"sentence-transformers/(gtr|sentence)-t5-": "t5",
    r"google/(mt5|umt5)-": "mt5",
    r"google/t5gemma-2-": "t5gemma2",
    r"bigscience/bloom-": "bloom",
    r"google/gemma-[27]b": "gemma",
    r"google/gemma-2-": "gemma2",
    r"google/gemma-3-(270m|1b)": "gemma3_text",
    r"google/gemma-3-\d+b": "gemma3",
    r"google/embeddinggemma-300m": "gemma3_text",
    r"google/embeddinggemma-2": "embedding_gemma2",
    r"(mistralai/Mistral-7B-|intfloat/e5-mistral-7b)": "mistral",
    r"meta-llama/(Llama-2-\d+b|Llama-3\.2-[13]B|(Meta-)?Llama-3(\.1)?-\d+B)": "llama",
    r"meta-llama/Llama-3\.2-\d+B-Vision": "mllama",
    r"allenai/Olmo-3-": "olmo3",
    r"LiquidAI/LFM2(\.5)?-VL-": "lfm2_vl",
    r"LiquidAI/LFM2(\.5)?-\d+M": "lfm2",
    r"llava-hf/llava-onevision-qwen2-": "llava_onevision",
    r"(Qwen/Qwen2|Alibaba-NLP/gte-Qwen2)-[\d.]+B": "qwen2",
    r"Qwen/Qwen2\.5-[\d.]+B": "qwen2",
    r"Qwen/Qwen2-VL-": "qwen2_vl",
    r"Qwen/Qwen2\.5-VL-": "qwen2_5_vl",
    r"Qwen/Qwen2\.5-Omni-": "qwen2_5_omni",
    r"Qwen/Qwen3-Omni-30B-A3B": "qwen3_omni_moe",
    r"Qwen/Qwen3-VL-(Embedding-|Reranker-)?[\d.]+B(?!-A)": "qwen3_vl",
    r"Qwen/Qwen3-(Embedding-|Reranker-)?[\d.]+B(?!-A)": "qwen3",
    r"Qwen/Qwen3\.5-[\d.]+B(?!-A)": "qwen3_5",
    r"facebook/dinov2-with-registers-": "dinov2_with_registers",
    r"facebook/dinov2-": "dinov2",
    r"facebook/dinov3-vit": "dinov3_vit",
    r"facebook/dinov3-convnext": "dinov3_convnext",
    r"facebook/vjepa2-": "vjepa2",
    r"facebook/wav2vec2-(?!.*-to-)": "wav2vec2",
    r"google/siglip2-.*-naflex": "siglip2",
    r"google/siglip2?-": "siglip",
    r"google/tipsv2-": "tipsv2",
    r"openai/clip-vit-": "clip",
    r"laion/CLIP-": "clip",
    r"MCG-NJU/videomae-": "videomae",
}
_NAMES = [(re.compile(pattern), family) for pattern, family in _OF_NAME.items()]
_HUB = re.compile(r"^https?://(www\.)?huggingface\.co/")


# These read nothing but text; a model with their name as its base that reads more was built around it.
_OF_TEXT = frozenset(
    {"bert", "bloom", "deberta", "deberta-v2", "distilbert", "eurobert", "gemma", "gemma2", "gemma3_text", "lfm2",
     "llama", "mistral", "modernbert", "mpnet", "mt5", "nomic_bert", "olmo3", "qwen2", "qwen3", "roberta", "t5",
     "xlm-roberta"}
)  # fmt: skip
# Two models that share the work.
_COMPOSED = frozenset({"hybrid", "router"})
_CALLED_BERT = re.compile(r"(?:^|[-_/])bert(?:[-_]|$)", re.IGNORECASE)


class Ancestry(NamedTuple):
    """What the registry says of a model that bears on its family. `is_static`: it only looks its words up."""

    loader: str | None
    adapted_from: str | None
    model_type: Collection[str]
    modalities: Collection[str]
    is_static: bool
    is_open: bool

    @property
    def has_family_of_base(self) -> bool:
        return self.is_open and not self.is_static and not _COMPOSED & set(self.model_type)


def family_of_loader(loader: str | None) -> str | None:
    return OF_LOADER.get(loader or "")


def family_of_name(name: str) -> str | None:
    """The family whose own name this is, if it is any's."""
    return next((family for pattern, family in _NAMES if pattern.match(name)), None)


def inherited_family(name: str, models: Mapping[str, Ancestry]) -> str | None:
    """The family by name or by descent, along `adapted_from` as far as anything is known.

    Nothing is inherited by a model that looks words up, is composed of several, is closed, or reads other modalities
    than its base. A base may have been the teacher only: whoever is called BERT has no family of another kind.
    """
    seen: set[str] = set()
    current = name
    while current and current not in seen:
        seen.add(current)
        model = models.get(current)
        if model is not None and not model.has_family_of_base:
            return None
        if family := family_of_name(current) or family_of_loader(model.loader if model else None):
            return family if _fits(name, models.get(name), family) else None
        parent = _HUB.sub("", model.adapted_from or "") if model else ""
        if model and parent in models and set(models[parent].modalities) != set(model.modalities):
            return None
        current = parent
    return None


def _fits(name: str, model: Ancestry | None, family: str) -> bool:
    if family in _OF_TEXT and model is not None and set(model.modalities) - {"text"}:
        return False
    return "bert" in family or not _CALLED_BERT.search(name)
