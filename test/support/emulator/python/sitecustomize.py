"""Read by the emulator's Python as it starts: mends what moto does otherwise than AWS and a front door can't.

- It copies a state machine, its executions and their threads included, whenever an execution starts, which fails from the
  second one on. An execution is not to be copied at all.
- All events of a bucket have one and the same identifier. Each is to have one of its own.
- It takes messages for a function as they are sent, can't call it, and puts them back as received once more: a burst is
  among the dead letters before anybody saw it. Polling is the front door's.
- A state that starts an execution hands on its parameters, and looks at the answer, under names that its own API does not know.
- A Distributed Map looks for the place of its results in the results themselves, and tolerates every failure.
- A stack that is deleted leaves its route tables, and so its network can't be.
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

try:
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import distributed_iteration_component as maps
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import ResultWriter
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import StateTaskServiceSfn
    from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

    def capitalise(answer):
        for name in list(answer):
            answer[name[0].upper() + name[1:]] = answer.pop(name)

    start = StateTaskServiceSfn._eval_service_task

    def start_named(self, env, resource_runtime_part, normalised_parameters, state_credentials):
        named = {name[0].lower() + name[1:]: value for name, value in normalised_parameters.items()}
        start(self, env, resource_runtime_part, named, state_credentials)

    StateTaskServiceSfn._eval_service_task = start_named
    StateTaskServiceSfn._normalise_response = lambda self, response, *_, **__: capitalise(response)

    def place_of_results(self, env):
        env.stack.append(env.states.get_input())
        self.parargs.eval(env=env)
        parameters = env.stack.pop()
        env.stack.pop()
        env.stack.append(parameters)
        self.resource_eval.eval_resource(env=env)

    ResultWriter._eval_body = place_of_results

    run = maps.DistributedIterationComponent._map_run

    def run_tolerating(self, env, eval_input):
        run(self, env, eval_input)
        failed = eval_input.map_run_record.execution_counter.failed.get()
        if failed > eval_input.tolerated_failure_count:
            exceeded = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
            kind = HistoryEventType.MapRunFailed
            details = EventDetails(executionFailedEventDetails={"error": exceeded.error_name, "cause": f"{failed} failed"})
            raise FailureEventException(FailureEvent(env=env, error_name=exceeded, event_type=kind, event_details=details))

    maps.DistributedIterationComponent._map_run = run_tolerating
except ImportError:
    pass

try:
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.route_tables import RouteTable

    def delete_with_stack(cls, resource_name, resource_json, account_id, region_name):
        tables = ec2_backends[account_id][region_name]
        tables.get_route_table(resource_name)._associations.clear()
        tables.delete_route_table(resource_name)

    RouteTable.delete_from_cloudformation_json = classmethod(delete_with_stack)
except ImportError:
    pass
