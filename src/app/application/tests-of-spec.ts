import type { ImageSpec, ImageTest } from '../../model/spec.ts';

/** What an image is asked that states no test: Kiln's runtime says it when the application has stayed up for a while. */
const RUNS: ImageTest = {
  name: 'the application runs',
  timeout: '180s',
  console: { line: 'kiln: \\S+ runs' },
};

/** The spec's tests; where it states none, that the application runs. */
export function testsOf({ tests }: ImageSpec): readonly ImageTest[] {
  return tests.length > 0 ? tests : [RUNS];
}
