import type { CodeBuilds } from './code-builds.ts';
import type { Answer, Call } from './door.ts';
import { CODEBUILD } from './state-machines.ts';

interface TaskParameters {
  readonly ProjectName: string;
  readonly IdempotencyToken?: string;
  readonly EnvironmentVariablesOverride?: readonly { readonly Name: string; readonly Value: string }[];
}

/** `codebuild:startBuild.sync` for the emulator's interpreter, which calls it as a function: starts the build and waits for its end. */
export async function playCodeBuild(call: Call, builds: CodeBuilds): Promise<Answer | undefined> {
  if (call.path !== `/2015-03-31/functions/${CODEBUILD}/invocations`) return undefined;
  const {
    ProjectName,
    IdempotencyToken,
    EnvironmentVariablesOverride = [],
  } = JSON.parse(call.body.toString()) as TaskParameters;
  const { id, buildStatus } = await builds.runToEnd({
    projectName: ProjectName,
    idempotencyToken: IdempotencyToken,
    environmentVariablesOverride: EnvironmentVariablesOverride.map(({ Name, Value }) => ({ name: Name, value: Value })),
  });
  const build = { Build: { Id: id, BuildStatus: buildStatus, ProjectName } };
  if (buildStatus === 'SUCCEEDED') return answer({}, build);
  // Step Functions calls it States.TaskFailed, a name that the interpreter gives to nothing of its own.
  const failure = { errorType: 'TaskFailed', errorMessage: JSON.stringify(build) };
  return answer({ 'x-amz-function-error': 'Unhandled' }, failure);
}

const answer = (headers: Record<string, string>, value: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(value)),
});
