import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// `npm run test:aws:faults`: what takes longer than a test run may.
export default defineConfig({ ...base, test: { ...base.test, include: ['test/**/*.faults.ts'] } });
