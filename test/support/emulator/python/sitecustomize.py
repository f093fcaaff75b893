"""Read by the emulator's Python as it starts: moto copies a state machine, its executions and their threads included,
whenever an execution starts, which fails from the second one on. An execution is not to be copied at all."""

try:
    from moto.stepfunctions.parser.backend.execution import Execution

    Execution.__deepcopy__ = lambda self, memo: self
except ImportError:
    pass
