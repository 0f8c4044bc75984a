"""The gRPC side: each call of the two services, its errors as status codes, and the faults around it."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from cri_api.v1 import api_pb2
from google.protobuf.message_factory import GetMessageClass

from reference_runtime.cri import faults, newer
from reference_runtime.cri.errors import Refused, TooLate

#: As many items are sent at once by the calls that stream lists.
_BATCH = 10


def handlers(calls: dict[str, tuple[Any, ...]]) -> list[Any]:
    """The generic handlers for services that are given by their names: objects that have a method for each call."""
    made = []
    for name, targets in calls.items():
        service = api_pb2.DESCRIPTOR.services_by_name[name]
        methods = {method.name: _handler(method, targets) for method in service.methods}
        methods |= {stream: _streaming_handler(stream, targets) for stream in newer.STREAMS[name]}
        known = {method: handler for method, handler in methods.items() if handler}
        made.append(grpc.method_handlers_generic_handler(service.full_name, known))
    return [*made, _Anything()]


class _Anything(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc ships no types
    """Answers calls that the server has not, where a fault says so."""

    def service(self, details: Any) -> Any:
        """A handler that answers with nothing; None for calls that are unimplemented."""
        is_pods = details.method.endswith(("/CheckpointPod", "/RestorePod"))
        if faults.has("cri-unknown-call-answered") or (is_pods and faults.has("cri-checkpoint-pod-empty")):
            return grpc.unary_unary_rpc_method_handler(lambda _, __: b"")
        return None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _find(name: str, targets: tuple[Any, ...]) -> Any:
    found = (getattr(target, _snake(name), None) for target in targets)
    return next((function for function in found if function), None)


def _handler(method: Any, targets: tuple[Any, ...]) -> Any:
    """None for a call that no target has: gRPC then says UNIMPLEMENTED."""
    function = _find(method.name, targets)
    if function is None:
        return None
    request, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    words = {"request_deserializer": request.FromString, "response_serializer": answer.SerializeToString}
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(_stream(method.name, function), **words)
    return grpc.unary_unary_rpc_method_handler(_unary(method.name, function, answer), **words)


def _streaming_handler(name: str, targets: tuple[Any, ...]) -> Any:
    """A call that sends a list in pieces; the method returns the whole list."""
    request, answer = newer.CLASSES[f"{name}Request"], newer.CLASSES[f"{name}Response"]
    function = _find(name, targets)
    if function is None:
        return None

    def pieces(asked: Any, context: Any) -> Iterator[Any]:
        found = function(asked)
        if faults.has(f"cri-stream-{newer.FAULTS[name]}-doubled"):
            found = [*found, *found]
        for start in range(0, len(found), _BATCH):
            yield answer(**{newer.items(name): found[start : start + _BATCH]})
        if faults.has(f"cri-stream-{newer.FAULTS[name]}-never-ends"):
            ended = threading.Event()
            context.add_callback(ended.set)
            ended.wait()

    return grpc.unary_stream_rpc_method_handler(
        _stream(name, pieces), request_deserializer=request.FromString, response_serializer=answer.SerializeToString
    )


def _unary(name: str, function: Callable[[Any, Any], Any], empty: Callable[[], Any]) -> Callable[[Any, Any], Any]:
    def call(request: Any, context: Any) -> Any:
        try:
            if faults.active:
                _end_on_nothing(request)
            faults.bend_request(name, request)
            if faults.pretends(name) or faults.lost(name, request, context):
                return empty()
            with faults.alone(name):
                answer = function(request, context)
            faults.bend_answer(name, answer)
        except Exception as problem:  # noqa: BLE001  # whatever went wrong, the client gets a status
            if faults.accepts(name):
                return empty()
            _abort(context, name, problem)
        return answer

    return call


def _end_on_nothing(request: Any) -> None:
    if faults.has("cri-empty-request-crashes") and request.DESCRIPTOR.fields and not request.ByteSize():
        os.kill(os.getpid(), signal.SIGTERM)
    if faults.has("cri-negative-number-crashes") and ": -" in str(request):
        os.kill(os.getpid(), signal.SIGTERM)
    if faults.has("cri-missing-config-crashes") and _lacks_config(request):
        os.kill(os.getpid(), signal.SIGKILL)


def _lacks_config(request: Any) -> bool:
    """Whether what shall be made has no config, or is to be in a sandbox without one."""
    parts = {"RunPodSandboxRequest": ("config",), "CreateContainerRequest": ("config", "sandbox_config")}
    return any(not request.HasField(part) for part in parts.get(request.DESCRIPTOR.name, ()))


def _stream(name: str, function: Callable[[Any, Any], Iterator[Any]]) -> Callable[[Any, Any], Iterator[Any]]:
    def call(request: Any, context: Any) -> Iterator[Any]:
        try:
            faults.bend_request(name, request)
            for answer in function(request, context):
                faults.bend_answer(name, answer)
                yield answer
        except Exception as problem:  # noqa: BLE001  # whatever went wrong, the client gets a status
            _abort(context, name, problem)

    return call


def _abort(context: Any, name: str, problem: Exception) -> None:
    """Ends the call with a status and one line.  What was not foreseen is shown to the server's owner, too."""
    if isinstance(problem, Refused):
        code = "UNKNOWN" if faults.has("cri-not-found-code-wrong") else problem.status
        context.abort(grpc.StatusCode[code], str(problem))
    if isinstance(problem, OSError):
        context.abort(grpc.StatusCode.INTERNAL, f"{name}: {problem}")
    traceback.print_exception(problem, file=sys.stderr)
    context.abort(grpc.StatusCode.INTERNAL, f"{name}: {type(problem).__name__}: {problem}")


def unless_left(context: Any) -> Callable[[], None]:
    """A function that raises TooLate when the client of a call waits for it no longer."""

    def check() -> None:
        if not context.is_active():
            raise TooLate("the client has left")

    return check
