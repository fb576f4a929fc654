"""What mteb's task types measure, in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LABELS = {
    "STS": "STS",
    "Any2AnyRetrieval": "Any-to-any Retrieval",
    "Any2AnyMultilingualRetrieval": "Any-to-any Multilingual Retrieval",
    "Any2AnyReranking": "Any-to-any Reranking",
    "VideoCentricQA": "Video-centric QA",
    "VisionCentricQA": "Vision-centric QA",
    "VisualSTS(eng)": "Visual STS (English)",
    "VisualSTS(multi)": "Visual STS (multilingual)",
    "ZeroShotClassification": "Zero-shot Classification",
    "AudioZeroshotClassification": "Audio Zero-shot Classification",
    "VideoZeroshotClassification": "Video Zero-shot Classification",
}


@dataclass(frozen=True)
class TaskTypeText:
    """`what` is asked of a model, `how` it is scored, and `why` a reader may care."""

    what: str
    how: str
    why: str


def type_label(name: str) -> str:
    """PairClassification -> Pair Classification."""
    return _LABELS.get(name) or " ".join(_HUMP.split(name))


def type_text(name: str) -> TaskTypeText | None:
    """None for a type that mteb does not have."""
    return _TEXTS.get(name)


_SEARCH = "ranks the documents by their similarity to the query, and good rankings have the relevant ones on top"
_LABELLED = (
    "A simple classifier is trained on the embeddings of a few labelled examples and tried on others; how many labels "
    "are right counts (accuracy or F1)."
)
_CLUSTERED = (
    "The embeddings are clustered with k-means, and the clusters are compared with the true groups (mostly V-measure)."
)
_PAIRED = "The similarity of the two embeddings must tell pairs that belong together from pairs that do not."
_CORRELATED = "The model's similarities are compared with people's by rank correlation (Spearman)."

_TEXTS = {
    "Retrieval": TaskTypeText(
        "Find the documents that answer a query in a collection.",
        f"The model {_SEARCH} (mostly nDCG@10).",
        "Search and retrieval-augmented generation.",
    ),
    "InstructionRetrieval": TaskTypeText(
        "Find documents for a query that comes with an instruction about what is relevant.",
        "The ranking must change as the instruction says (nDCG or p-MRR).",
        "Search that follows what the user asks for, beyond the topic.",
    ),
    "InstructionReranking": TaskTypeText(
        "Order given documents for a query that comes with an instruction about what is relevant.",
        "The order must change as the instruction says (nDCG or p-MRR, which may be negative).",
        "The second stage of a search that follows instructions.",
    ),
    "Reranking": TaskTypeText(
        "Order a short list of candidates for a query.",
        "Relevant candidates should come before the others (mean average precision or nDCG@10).",
        "The second stage of a search, after a fast first one.",
    ),
    "Classification": TaskTypeText(
        "Say which of several classes a text belongs to.",
        _LABELLED,
        "Routing, moderation, sentiment and intent detection with few labelled examples.",
    ),
    "MultilabelClassification": TaskTypeText(
        "Say which labels fit a text, where several may.",
        _LABELLED,
        "Tagging of documents.",
    ),
    "PairClassification": TaskTypeText(
        "Say whether two texts belong together: paraphrases, duplicates, entailment.",
        f"{_PAIRED} The best average precision over similarity measures counts.",
        "Finding duplicates and matching records.",
    ),
    "Clustering": TaskTypeText(
        "Group texts by topic without knowing the topics.",
        _CLUSTERED,
        "Topic discovery and the tidying of large collections.",
    ),
    "STS": TaskTypeText(
        "Judge how similar two sentences are in meaning.",
        _CORRELATED,
        "Any use that reads a similarity as a number.",
    ),
    "Summarization": TaskTypeText(
        "Judge how good a machine's summary is, next to summaries by people.",
        _CORRELATED,
        "Automatic checks of generated text.",
    ),
    "BitextMining": TaskTypeText(
        "Find the translation of each sentence among sentences in another language.",
        "Each sentence is matched with its nearest neighbour; the F1 of right matches counts.",
        "Cross-lingual search and the making of translation data.",
    ),
    "Regression": TaskTypeText(
        "Predict a number from a text.",
        "A simple regression is trained on the embeddings; how well it orders the examples counts (Kendall's tau).",
        "Ratings, prices and other scores.",
    ),
    "ZeroShotClassification": TaskTypeText(
        "Say which of several classes an image shows, from descriptions of the classes alone.",
        "The most similar description is the answer; the share of right answers counts.",
        "Labelling without training examples.",
    ),
    "Any2AnyRetrieval": TaskTypeText(
        "Find what answers a query, where queries and documents may be texts, images, sounds or both together.",
        f"The model {_SEARCH} (nDCG, recall or the hit rate at a rank).",
        "Search over pictures, recordings and mixed documents.",
    ),
    "Any2AnyMultilingualRetrieval": TaskTypeText(
        "Find images or texts for queries in many languages.",
        f"The model {_SEARCH} (nDCG or recall at a rank).",
        "Search over pictures for readers of many languages.",
    ),
    "Any2AnyReranking": TaskTypeText(
        "Order a short list of texts, images or other documents for a query.",
        "Relevant candidates should come before the others.",
        "The second stage of a search over mixed documents.",
    ),
    "DocumentUnderstanding": TaskTypeText(
        "Find the page of a document, seen as an image, that answers a query.",
        f"The model {_SEARCH} (nDCG@5 or nDCG@10).",
        "Search in reports, slides, tables and scans without text recognition.",
    ),
    "VisionCentricQA": TaskTypeText(
        "Answer a question about an image by choosing among given answers.",
        "The most similar answer is chosen; the share of right answers counts.",
        "Whether a model sees counts, places and depth, and not only topics.",
    ),
    "Compositionality": TaskTypeText(
        "Tell the right description of an image from one with the same words in another order or role.",
        "The right pair must be the more similar one; the share of right decisions counts.",
        "Whether a model reads sentences, and not only bags of words.",
    ),
    "ImageClassification": TaskTypeText("Say which of several classes an image shows.", _LABELLED, "Sorting pictures."),
    "ImageClustering": TaskTypeText(
        "Group images by what they show, without knowing the groups.", _CLUSTERED, "Tidying collections of pictures."
    ),
    "VisualSTS(eng)": TaskTypeText(
        "Judge how similar two English sentences are that are given as images of text.",
        _CORRELATED,
        "Whether a vision model reads.",
    ),
    "VisualSTS(multi)": TaskTypeText(
        "Judge how similar two sentences are that are given as images of text, in many languages.",
        _CORRELATED,
        "Whether a vision model reads other languages and scripts.",
    ),
    "AudioClassification": TaskTypeText(
        "Say which of several classes a recording belongs to.", _LABELLED, "Sounds, speakers, music and emotions."
    ),
    "AudioMultilabelClassification": TaskTypeText(
        "Say which labels fit a recording, where several may.",
        "A simple classifier is trained on a few labelled examples; right labels should come before wrong ones (LRAP).",
        "Tagging of recordings.",
    ),
    "AudioClustering": TaskTypeText(
        "Group recordings without knowing the groups.", _CLUSTERED, "Tidying collections of recordings."
    ),
    "AudioPairClassification": TaskTypeText(
        "Say whether two recordings belong together.", _PAIRED, "The same speaker, song or sound."
    ),
    "AudioReranking": TaskTypeText(
        "Order a short list of recordings for another one.",
        "Relevant candidates should come before the others.",
        "Search by example in recordings.",
    ),
    "AudioZeroshotClassification": TaskTypeText(
        "Say which of several classes a recording belongs to, from descriptions of the classes alone.",
        "The most similar description is the answer; the share of right answers counts.",
        "Labelling recordings without training examples.",
    ),
    "VideoClassification": TaskTypeText(
        "Say which of several classes a video belongs to.", _LABELLED, "Actions, scenes and events."
    ),
    "VideoClustering": TaskTypeText(
        "Group videos without knowing the groups.", _CLUSTERED, "Tidying collections of videos."
    ),
    "VideoPairClassification": TaskTypeText("Say whether two videos belong together.", _PAIRED, "Finding duplicates."),
    "VideoZeroshotClassification": TaskTypeText(
        "Say which of several classes a video belongs to, from descriptions of the classes alone.",
        "The most similar description is the answer; the share of right answers counts.",
        "Labelling videos without training examples.",
    ),
    "VideoCentricQA": TaskTypeText(
        "Answer a question about a video by choosing among given answers.",
        "The most similar answer is chosen; the share of right answers counts.",
        "Whether a model follows what happens over time.",
    ),
}
