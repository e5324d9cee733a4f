"""A Piper voice of about 5 kB, made on the spot: one tone per phoneme, its length follows the text and the speed.

Real for Piper (loaded and run by onnxruntime like any other), and the same samples every time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_RATE = 22_050
SAMPLES_PER_PHONEME = 1024
"""At speed 1.0; what Piper calls a phoneme id."""


def make_voice(model: Path, espeak_voice: str = "en-us", speakers: int = 1, level: float = 0.3) -> Path:
    """Write ``model`` (an ``.onnx`` path) and its ``.onnx.json``; give back the path."""
    import onnx

    model.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(_model(speakers, level), model)
    model.with_name(f"{model.name}.json").write_text(
        json.dumps(_description(espeak_voice, speakers)), "utf-8"
    )
    return model


def install_voice(root: Path, name: str, espeak_voice: str) -> Path:
    """Put a voice where a model store rooted at ``root`` finds it installed."""
    folder = root / "tts" / name
    made = make_voice(folder / f"{name}.onnx", espeak_voice)
    note = {"name": name, "kind": "tts", "repo": "made/here", "commit": "0" * 40, "files": {}}
    (folder / "prism-model.json").write_text(json.dumps(note), "utf-8")
    return made


def _description(espeak_voice: str, speakers: int) -> dict[str, Any]:
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    return {
        "audio": {"sample_rate": SAMPLE_RATE},
        "espeak": {"voice": espeak_voice},
        "num_symbols": 256,
        "num_speakers": speakers,
        "speaker_id_map": {f"speaker{number}": number for number in range(speakers)} if speakers > 1 else {},
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
    }


def _model(speakers: int, level: float) -> Any:
    """sin(ramp of ceil(1024 * length_scale) samples * phoneme), every input used as onnxruntime demands."""
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper

    def constant(name: str, value: Any) -> Any:
        return numpy_helper.from_array(np.asarray(value), name)

    nodes = [
        helper.make_node("Cast", ["input"], ["phonemes"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["phonemes", "pitch"], ["pitches"]),
        helper.make_node("Unsqueeze", ["pitches", "two"], ["column"]),
        helper.make_node("Slice", ["scales", "one", "two"], ["length"]),
        helper.make_node("Mul", ["length", "samples"], ["wanted"]),
        helper.make_node("Squeeze", ["wanted", "zero"], ["count"]),
        helper.make_node("Range", ["nought", "count", "unit"], ["ramp"]),
        helper.make_node("Mul", ["column", "ramp"], ["angle"]),
        helper.make_node("Sin", ["angle"], ["wave"]),
        helper.make_node("Mul", ["wave", "level"], ["tone"]),
        helper.make_node("Cast", ["input_lengths"], ["lengths"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["lengths", "nothing"], ["used"]),
        helper.make_node("Add", ["tone", "used"], ["audible"]),
        helper.make_node("Reshape", ["audible", "shape"], ["spoken"]),
    ]
    constants = [
        constant("pitch", np.float32(0.002)),
        constant("zero", np.array([0], np.int64)),
        constant("one", np.array([1], np.int64)),
        constant("two", np.array([2], np.int64)),
        constant("samples", np.array([SAMPLES_PER_PHONEME], np.float32)),
        constant("nought", np.float32(0)),
        constant("unit", np.float32(1)),
        constant("level", np.float32(level)),
        constant("nothing", np.float32(0)),
        constant("shape", np.array([1, 1, 1, -1], np.int64)),
    ]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:  # each speaker is louder than the one before
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["one_speaker"]))
        nodes.append(helper.make_node("Cast", ["sid"], ["number"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Add", ["number", "unit"], ["loudness"]))
        nodes.append(helper.make_node("Mul", ["spoken", "loudness"], ["output"]))
    else:
        nodes.append(helper.make_node("Identity", ["spoken"], ["output"]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["b", 1, 1, "time"])
    graph = helper.make_graph(nodes, "tones", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    checker.check_model(model, full_check=True)
    return model
