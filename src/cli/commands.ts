import type { CommandModule } from './command.ts';

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  /** Loaded when the command is called, so that one command does not wait for the parts of another. */
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of `kiln --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'draft an image.yaml from an application',
    group: 'Make an image',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'resolve',
    summary: 'find the least set of packages, and write the lock',
    group: 'Make an image',
    load: () => import('./commands/resolve.ts'),
  },
  {
    name: 'build',
    summary: 'resolve, bake, prove, share and publish an image',
    group: 'Make an image',
    load: () => import('./commands/build.ts'),
  },
  {
    name: 'fix',
    summary: 'propose what of the spec would mend the last build’s findings',
    group: 'Make an image',
    load: () => import('./commands/fix.ts'),
  },
  {
    name: 'why',
    summary: 'say why a package is in an image',
    group: 'Understand it',
    load: () => import('./commands/why.ts'),
  },
  {
    name: 'why-not',
    summary: 'say what keeps a package out',
    group: 'Understand it',
    load: () => import('./commands/why-not.ts'),
  },
  {
    name: 'tree',
    summary: 'show an image’s packages by what asks for them',
    group: 'Understand it',
    load: () => import('./commands/tree.ts'),
  },
  {
    name: 'diff',
    summary: 'show what differs between two images or versions',
    group: 'Understand it',
    load: () => import('./commands/diff.ts'),
  },
  {
    name: 'check-proof',
    summary: 'replay a proof that a set is the least',
    group: 'Understand it',
    load: () => import('./commands/check-proof.ts'),
  },
  {
    name: 'plan',
    summary: 'tell which images an update would change, and how',
    group: 'Understand it',
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'images',
    summary: 'list the images that this machine knows',
    group: 'Understand it',
    load: () => import('./commands/images.ts'),
  },
  {
    name: 'builds',
    summary: 'list builds, newest first',
    group: 'Understand it',
    load: () => import('./commands/builds.ts'),
  },
  {
    name: 'show',
    summary: 'show an image: contents, checks, tests, who may have it',
    group: 'Understand it',
    load: () => import('./commands/show.ts'),
  },
  {
    name: 'report',
    summary: 'write a page with an image’s contents, proof and access in pictures',
    group: 'Understand it',
    load: () => import('./commands/report.ts'),
  },
  {
    name: 'inspect',
    summary: 'show the facts of an image that policies see',
    group: 'Understand it',
    load: () => import('./commands/inspect.ts'),
  },
  {
    name: 'launch',
    summary: 'boot an image for an account that has the grant',
    group: 'Use it',
    load: () => import('./commands/launch.ts'),
  },
  { name: 'stop', summary: 'stop an instance', group: 'Use it', load: () => import('./commands/stop.ts') },
  {
    name: 'share',
    summary: 'give an approved account the grant',
    group: 'Use it',
    load: () => import('./commands/share.ts'),
  },
  {
    name: 'revoke',
    summary: 'take an account’s grants back',
    group: 'Use it',
    load: () => import('./commands/revoke.ts'),
  },
  {
    name: 'can',
    summary: 'say whether an account may launch, share or copy an image, and why',
    group: 'Use it',
    load: () => import('./commands/can.ts'),
  },
  {
    name: 'plan-distribution',
    summary: 'tell what sharing an image with all who may have it would take',
    group: 'Use it',
    load: () => import('./commands/plan-distribution.ts'),
  },
  {
    name: 'recall',
    summary: 'take a version back from everybody, and go back to the last good one',
    group: 'Use it',
    load: () => import('./commands/recall.ts'),
  },
  {
    name: 'debug',
    summary: 'boot an image with a shell, on an overlay that is thrown away',
    group: 'Use it',
    load: () => import('./commands/debug.ts'),
  },
  {
    name: 'serve',
    summary: 'build by schedule, and when packages, policies or tests change',
    group: 'Keep it running',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'tick',
    summary: 'look once whether something has to be built, for a timer',
    group: 'Keep it running',
    load: () => import('./commands/tick.ts'),
  },
  {
    name: 'lifecycle',
    summary: 'let old versions go: deprecate, withdraw, delete',
    group: 'Keep it running',
    load: () => import('./commands/lifecycle.ts'),
  },
  {
    name: 'clean',
    summary: 'remove what nothing refers to any more',
    group: 'Keep it running',
    load: () => import('./commands/clean.ts'),
  },
  {
    name: 'remote',
    summary: 'work with a deployment on AWS: status, builds, logs, build, recall',
    group: 'Keep it running',
    load: () => import('./commands/remote.ts'),
  },
  {
    name: 'doctor',
    summary: 'tell what this machine lacks',
    group: 'Keep it running',
    load: () => import('./commands/doctor.ts'),
  },
];
