// `npm test`: the checks, then every test; ends with `N passed, N failed`. Arguments go to vitest.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChecks } from './checks.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs vitest with its own output streamed; gives its exit status and the counts of its report. */
async function runTests(report) {
  const options = [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ];
  const vitest = spawn('vitest', options, { cwd: root, stdio: 'inherit' });
  const status = await new Promise((resolve) => {
    vitest.on('error', () => resolve(127));
    vitest.on('close', (code) => resolve(code ?? 1));
  });
  return { status, ...countsOf(report) };
}

function countsOf(report) {
  try {
    const it = JSON.parse(readFileSync(report, 'utf8'));
    const brokenFiles = it.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    ).length;
    return {
      passed: it.numPassedTests,
      failed: it.numFailedTests + brokenFiles,
      skipped: it.numPendingTests + it.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const checks = runChecks(root);
const folder = mkdtempSync(join(tmpdir(), 'kiln-test-report-'));
const tests = await runTests(join(folder, 'report.json'));
rmSync(folder, { recursive: true });

// A run that ends badly without a failing test (a crash, no test found) is one failure more.
const unexplained = tests.status !== 0 && tests.failed === 0 ? 1 : 0;
const failed = checks.failed + tests.failed + unexplained;
if (tests.skipped > 0) console.log(`SKIPPED: ${tests.skipped} tests; their names and reasons are above`);
console.log(`${checks.passed + tests.passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
