"""How Python values travel between processes: JSON beside safetensors, and nothing is ever unpickled.

`pack` runs in the learner's process, `unpack` in the trusted one, and the other way round for arguments. What
arrives is only a *claimed* value: a forged frame can claim anything, but it cannot run anything.
"""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError

from workers.wire import MAX_BODY, WireError

if TYPE_CHECKING:
    from workers.lab.models.devices import Which

MAX_DEPTH = 40
MAX_ITEMS = 200_000
_LONGEST_REPR = 2000  # characters
_LARGEST_INT = 1 << 4096

# safetensors knows one complex type
_NEAREST = {torch.complex128: torch.complex64, torch.complex32: torch.complex64}
_MODELS = "transformer_lens", "workers.lab.models"  # where the types of models are
_KEPT_TYPES = (bool, str, type(None))


class Untransferable(Exception):
    """The value cannot leave its process; the message is a sentence for the learner."""


@dataclass(frozen=True)
class Opaque:
    """What stands in for a value that cannot travel: its type's name and its `repr`, both only claimed."""

    type: str
    repr: str


def pack(value: Any) -> tuple[Any, bytes]:
    """JSON and a body of safetensors for any value.

    Tensors arrive detached, dense and contiguous, on the processors wherever they stood before; numpy arrays
    as tensors, a Plotly figure as its JSON, a `FactoredMatrix` as such, a model of the lab as its name,
    anything unknown as `Opaque`.
    Raises `Untransferable` if the value is too large, too deep or refuses to be read.
    """
    packer = _Packer()
    packed = packer.pack(value, 0)
    return packed, packer.body()


def unpack(packed: Any, body: bytes = b"", device: str | torch.device = "cpu") -> Any:
    """The value that `pack` was given, its tensors on the device. A model comes where `lab.load` puts it.

    Raises `WireError` on anything `pack` would not have made.
    """
    try:
        tensors = safetensors.torch.load(body) if body else {}
    except (SafetensorError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise WireError(f"the body is not safetensors: {error}") from None
    try:
        return _Unpacker(tensors, torch.device(device)).unpack(packed, 0)
    except WireError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise WireError(f"this value is malformed: {error!r}") from None


class _Packer:
    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self.bytes = 0
        self.items = 0

    def body(self) -> bytes:
        return safetensors.torch.save(self.tensors) if self.tensors else b""

    def pack(self, value: Any, depth: int) -> Any:
        self._count(depth)
        kind = type(value)
        if kind in _KEPT_TYPES:
            return value
        if isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
            return _pack_number(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, (list, tuple)):
            items = [self.pack(item, depth + 1) for item in value]
            return {"$tuple": items} if isinstance(value, tuple) else items
        if isinstance(value, dict):
            pairs = [[self.pack(key, depth + 1), self.pack(item, depth + 1)] for key, item in value.items()]
            return {"$dict": pairs}
        return self._pack_object(value)

    def _count(self, depth: int) -> None:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise Untransferable(
                f"The value is nested more than {MAX_DEPTH} deep or has more than {MAX_ITEMS} parts. "
                "Put numbers into one tensor."
            )

    def _pack_object(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return {"$tensor": self._keep(value)}
        if isinstance(value, np.ndarray):
            return self._pack_array(value)
        module = type(value).__module__ or ""
        if module.startswith("plotly."):
            return {"$figure": figure_json(value)}
        if type(value).__name__ == "FactoredMatrix" and module.startswith("transformer_lens"):
            return {"$factored": [self._keep(value.A), self._keep(value.B)]}
        if module.startswith(_MODELS) and (found := model_of_lab(value)):
            return _pack_model(found)
        return {"$repr": [type(value).__name__[:200], _short_repr(value)]}

    def _pack_array(self, value: np.ndarray) -> Any:
        try:
            return {"$tensor": self._keep(torch.from_numpy(np.ascontiguousarray(value)).reshape(value.shape))}
        except TypeError:  # text, objects, dates
            return {"$repr": ["ndarray", _short_repr(value)]}

    def _keep(self, value: torch.Tensor) -> str:
        """Copies: views, tied weights and a tensor given twice share storage, which safetensors refuses."""
        plain = torch.Tensor.detach(value)
        if plain.layout is not torch.strided:
            plain = plain.to_dense()
        plain = plain.as_subclass(torch.Tensor).cpu()
        if plain.is_quantized:
            plain = plain.dequantize()
        self.bytes += plain.numel() * plain.element_size()
        if self.bytes > MAX_BODY - (1 << 20):  # the rest is for safetensors' own header
            raise Untransferable(
                f"The value holds more than {MAX_BODY >> 20} MB of numbers; "
                "return something smaller, such as a mean."
            )
        name = str(len(self.tensors))
        plain = plain.resolve_conj().resolve_neg().to(_NEAREST.get(plain.dtype, plain.dtype))
        self.tensors[name] = plain.clone(memory_format=torch.contiguous_format)
        return name


def _pack_model(asked: Which) -> Any:
    if asked.step is not None:
        return {"$checkpoint": [asked.name, asked.step]}
    return {"$folded" if asked.folded else "$model": asked.name}


def _pack_number(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        whole = int(value)
        if abs(whole) >= _LARGEST_INT:
            raise Untransferable("The value is a whole number of more than 1200 digits.")
        return whole
    number = float(value)
    return number if math.isfinite(number) else {"$float": repr(number)}


class _Unpacker:
    def __init__(self, tensors: dict[str, torch.Tensor], device: torch.device) -> None:
        self.tensors, self.device = tensors, device
        self.items = 0

    def unpack(self, packed: Any, depth: int) -> Any:
        self.items += 1
        if depth > MAX_DEPTH + 2 or self.items > 4 * MAX_ITEMS:
            raise WireError("this value is nested too deep or has too many parts")
        if isinstance(packed, list):
            return [self.unpack(item, depth + 1) for item in packed]
        if not isinstance(packed, dict):
            return packed
        if len(packed) != 1:
            raise WireError("this value is malformed: one mark expected")
        ((mark, content),) = packed.items()
        return self._marked(mark, content, depth)

    def _marked(self, mark: str, content: Any, depth: int) -> Any:
        match mark:
            case "$tensor":
                return self._tensor(content)
            case "$tuple":
                return tuple(self.unpack(item, depth + 1) for item in content)
            case "$dict":
                return {self.unpack(key, depth + 1): self.unpack(item, depth + 1) for key, item in content}
            case "$float":
                return _special_float(content)
            case "$figure":
                return decode_figure(content)
            case "$factored":
                return _factored(self._tensor(content[0]), self._tensor(content[1]))
            case "$model":
                return _load(content)
            case "$folded":
                return _load(content, folded=True)
            case "$checkpoint":
                name, step = content
                return _load(name, step=int(step))
            case "$repr":
                name, text = content
                return Opaque(str(name)[:200], str(text)[:_LONGEST_REPR])
        raise WireError("this value is malformed: unknown mark")

    def _tensor(self, name: str) -> torch.Tensor:
        """Each once, as `pack` names them: a value must not be larger than what was sent of it."""
        return self.tensors.pop(name).to(self.device)


def _special_float(text: Any) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise WireError("this value is malformed: a special float")
    return float(text)


def _factored(left: torch.Tensor, right: torch.Tensor) -> Any:
    from transformer_lens import FactoredMatrix  # seconds to import, so only where one arrives

    if left.ndim < 2 or right.ndim < 2 or left.shape[-1] != right.shape[-2]:
        raise WireError("these two factors do not fit")
    return FactoredMatrix(left, right)


def _load(name: Any, folded: bool = False, step: int | None = None) -> Any:
    from workers.lab.models import ModelUnavailable, UnknownModel, load

    try:
        return load(name, folded, step=step)
    except (UnknownModel, ModelUnavailable) as error:
        raise WireError(str(error)) from None


def model_of_lab(value: Any) -> Which | None:
    """What `lab.load` has to be asked for, if it gives this very object."""
    from workers.lab.models.devices import which

    return which(value)


def _short_repr(value: Any) -> str:
    try:
        return repr(value)[:_LONGEST_REPR]
    except Exception:  # a learner's own __repr__ may raise anything
        return f"<{type(value).__name__}>"


# -- figures -----------------------------------------------------------------------------------------

_PLOTLY_TYPES = {
    "i1": np.int8, "u1": np.uint8, "i2": np.int16, "u2": np.uint16, "i4": np.int32, "u4": np.uint32,
    "f4": np.float32, "f8": np.float64,
}  # fmt: skip


def figure_json(figure: Any) -> dict[str, Any]:
    """A Plotly figure as `{"data": [...], "layout": {...}}`; arrays become typed base64, floats float32."""
    plain = figure.to_plotly_json() if hasattr(figure, "to_plotly_json") else dict(figure)
    try:
        return {"data": _plain(plain.get("data", ()), 0), "layout": _plain(plain.get("layout", {}), 0)}
    except RecursionError:
        raise Untransferable("The figure is nested too deep.") from None


def _plain(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        if "bdata" in value and "dtype" in value:  # Plotly's own encoding, with floats of 8 bytes
            return _typed(_array_of(value))
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, torch.Tensor):
        value = (
            value.detach().cpu().float().numpy()
            if value.is_floating_point()
            else value.detach().cpu().numpy()
        )
    if isinstance(value, np.ndarray):
        return _typed(value)
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # a gap, as Plotly draws it
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def _typed(array: np.ndarray) -> Any:
    """Plotly's typed array: a quarter of the size of numbers in decimal. Text and dates stay lists."""
    if array.dtype.kind == "f":
        array = array.astype(np.float32)
    elif array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        small = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
        array = array.astype(np.int32 if small else np.float64)
    elif array.dtype.kind == "b":
        array = array.astype(np.uint8)
    kind = array.dtype.str[1:]
    if kind not in _PLOTLY_TYPES:
        return [_plain(item, 1) for item in array.tolist()]
    data = base64.b64encode(
        np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
    ).decode()
    return {"dtype": kind, "bdata": data, "shape": ", ".join(map(str, array.shape))}


def decode_figure(figure: Any) -> dict[str, Any]:
    """The figure's JSON with every typed array as a tensor, for those who judge it. Raises `WireError`."""
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        raise WireError("this figure has no data")
    return {"data": _decoded(figure["data"], 0), "layout": _decoded(figure.get("layout", {}), 0)}


def _decoded(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError("this figure is nested too deep")
    if isinstance(value, list):
        return [_decoded(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if "bdata" in value and "dtype" in value:
        return _tensor_of(value)
    return {key: _decoded(item, depth + 1) for key, item in value.items()}


def _tensor_of(typed: dict[str, Any]) -> torch.Tensor:
    try:
        return torch.from_numpy(_array_of(typed).copy())
    except (binascii.Error, KeyError, TypeError, ValueError):
        raise WireError("an array of this figure is malformed") from None


def _array_of(typed: dict[str, Any]) -> np.ndarray:
    data = base64.b64decode(typed["bdata"], validate=True)
    array = np.frombuffer(data, dtype=np.dtype(_PLOTLY_TYPES[typed["dtype"]]).newbyteorder("<"))
    if shape := typed.get("shape"):
        return array.reshape([int(size) for size in str(shape).split(",")])
    return array
