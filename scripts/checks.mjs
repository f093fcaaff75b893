import { spawnSync } from 'node:child_process';

/** `{name, what, command, judge?}`; `judge` turns the standard output of a command that succeeded into a complaint. */
const CHECKS = [
  { name: 'types', what: 'tsc', command: ['tsc', '-p', '.'] },
  { name: 'format and lint', what: 'biome', command: ['biome', 'ci', '--colors=off', '--error-on-warnings', '.'] },
  {
    name: 'dependency direction',
    what: 'dependency-cruiser',
    command: ['depcruise', '--output-type', 'json', 'src', 'lambdas', 'lib', 'bin'],
    judge: judgeDependencies,
  },
  { name: 'dead code', what: 'knip', command: ['knip', '--no-progress'] },
];

/** Runs every check, prints a line for each and the output of those that fail; gives the counts. */
export function runChecks(root) {
  const counts = { passed: 0, failed: 0 };
  for (const check of CHECKS) {
    const complaint = runCheck(root, check);
    counts[complaint === undefined ? 'passed' : 'failed']++;
    console.log(`${complaint === undefined ? 'ok  ' : 'FAIL'} ${check.name} (${check.what})`);
    if (complaint) console.log(complaint.replace(/^(?=.)/gm, '  '));
  }
  return counts;
}

// The command's name is looked up on PATH, which `npm run` opens with node_modules/.bin.
function runCheck(root, { command: [program, ...options], judge }) {
  const env = { ...process.env, NO_COLOR: '1' };
  const { status, stdout, stderr, error } = spawnSync(program, options, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) return `${program} does not start: ${error.message}`;
  if (judge) return judge(stdout, stderr);
  return status === 0 ? undefined : `${stdout}${stderr}`.trim() || `${program} ended with status ${status}`;
}

// A cruise that sees nothing finds nothing wrong, so how much it saw is part of the answer.
function judgeDependencies(stdout, stderr) {
  let summary;
  try {
    summary = JSON.parse(stdout).summary;
  } catch {
    return `dependency-cruiser gave no report\n${stderr}`;
  }
  if (!(summary.totalCruised > 0) || !(summary.totalDependenciesCruised > 0)) return 'dependency-cruiser saw no module';
  const violations = summary.violations.filter((it) => it.rule.severity !== 'ignore');
  if (violations.length === 0) return undefined;
  return violations.map((it) => `${it.rule.name}: ${it.from} imports ${it.to}`).join('\n');
}
