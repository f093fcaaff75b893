"""Read by the emulator's Python as it starts: mends what moto does otherwise than AWS and a front door can't.

- It copies a state machine, its executions and their threads included, whenever an execution starts, which fails from the
  second one on. An execution is not to be copied at all.
- All events of a bucket have one and the same identifier. Each is to have one of its own.
- It takes messages for a function as they are sent, can't call it, and puts them back as received once more: a burst is
  among the dead letters before anybody saw it. Polling is the front door's.
"""

import copy
import uuid

try:
    from moto.stepfunctions.parser.backend.execution import Execution

    Execution.__deepcopy__ = lambda self, memo: self
except ImportError:
    pass

try:
    from moto.events import utils

    class Fresh(dict):
        def __deepcopy__(self, memo):
            return {**copy.deepcopy(dict(self), memo), "id": str(uuid.uuid4())}

    utils._BASE_EVENT_MESSAGE = Fresh(utils._BASE_EVENT_MESSAGE)
except (ImportError, AttributeError):
    pass

try:
    from moto.sqs.models import Queue

    Queue.lambda_event_source_mappings = property(lambda self: {}, lambda self, mappings: None)
except ImportError:
    pass
