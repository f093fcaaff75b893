import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// `npm run test:healthy`: ten applications baked and judged, which takes longer than a test run may.
export default defineConfig({ ...base, test: { ...base.test, include: ['test/**/*.healthy.ts'] } });
