"""A turn model of half a kilobyte, made on the spot: real for onnxruntime, with the signature of smart-turn v3.

It says that a sound is complete when its last tenth of a second is quieter than its last second: a straight line on two
means of the picture, and a sigmoid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (80, 800)
LAST, SECOND = 10, 100
"""Frames of 10 ms that are held against each other."""
SLOPE = 40.0


def make_turn_model(file: Path, shape: tuple[int, int] = SHAPE, *, sigmoid: bool = True) -> Path:
    """Write ``file`` (an ``.onnx`` path) and give it back. Without ``sigmoid`` it gives no probabilities."""
    import numpy as np
    import onnx
    from onnx import TensorProto, checker, helper, numpy_helper

    def constant(name: str, *values: int) -> onnx.TensorProto:
        return numpy_helper.from_array(np.array(values, np.int64), name)

    bands, frames = shape
    nodes = [
        helper.make_node("Slice", ["input_features", "begin", "end", "axis"], ["last"]),
        helper.make_node("ReduceMean", ["last"], ["ending"], axes=[1, 2], keepdims=0),
        helper.make_node("Slice", ["input_features", "before", "end", "axis"], ["second"]),
        helper.make_node("ReduceMean", ["second"], ["whole"], axes=[1, 2], keepdims=0),
        helper.make_node("Sub", ["whole", "ending"], ["fallen"]),
        helper.make_node("Mul", ["fallen", "slope"], ["line"]),
        helper.make_node("Sigmoid" if sigmoid else "Exp", ["line"], ["flat"]),
        helper.make_node("Unsqueeze", ["flat", "one"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "turn",
        [helper.make_tensor_value_info("input_features", TensorProto.FLOAT, ["batch", bands, frames])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1])],
        [
            constant("begin", frames - LAST),
            constant("before", frames - SECOND),
            constant("end", frames),
            constant("axis", 2),
            constant("one", 1),
            numpy_helper.from_array(np.array(SLOPE, np.float32), "slope"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    onnx.save(model, file)
    return file
