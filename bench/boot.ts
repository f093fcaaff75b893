import { composeLocal } from '../src/cli/compose.ts';
import { imageTest } from '../src/model/spec.ts';
import type { TestResult } from '../src/ports/test-bed.ts';
import { type Ratio, ratio } from './statistics.ts';

export interface BootFigures {
  readonly runs: number;
  readonly machine: string;
  /** Seconds to the first HTTP 200, and to the end of what kernel and initrd do, both from power on in the same boots. */
  readonly answer: Ratio;
}

/** Boots the newest image of nginx in `home` and asks it. `HANDED_OVER` is what the initrd says when it hands over to the init. */
export async function benchBoot(home: string, runs: number, log: (line: string) => void): Promise<BootFigures> {
  const kiln = composeLocal({ home });
  const { testBed, catalog, specs } = kiln.ports;
  const [version] = await catalog.listVersions('nginx');
  if (!version) throw new Error(`no image of nginx in ${home}`);
  const { spec } = await specs.load('nginx');
  const [http] = spec.tests;
  if (!http) throw new Error('the example has no test');
  const handedOver = imageTest.parse({ console: { line: 'kiln: root file system is' } });
  const times = { answer: [] as number[], initrd: [] as number[] };
  let machine = '';
  for (let run = 1; run <= runs; run++) {
    const key = `bench-${process.pid}-${run}`;
    const { diskDigest, imageId } = version;
    const instance = await testBed.launch({
      diskDigest,
      imageId,
      ports: spec.application.ports,
      key,
      account: 'bench',
    });
    machine = instance.machine;
    try {
      times.initrd.push(seconds(await testBed.probe(instance, handedOver)));
      times.answer.push(seconds(await testBed.probe(instance, http)));
    } finally {
      await testBed.stop(instance);
    }
    log(
      `boot ${run}/${runs}: initrd ${times.initrd.at(-1)?.toFixed(1)} s, first answer ${times.answer.at(-1)?.toFixed(1)} s`,
    );
  }
  kiln.close();
  return { runs, machine, answer: ratio(times.answer, times.initrd) };
}

function seconds({ passed, firstSuccessMs, detail }: TestResult): number {
  if (!passed || firstSuccessMs === undefined) throw new Error(`the image does not answer: ${detail}`);
  return firstSuccessMs / 1000;
}
