import { healthySuite } from '../support/healthy-suite.ts';

// `npm run test:healthy` does the same for all ten.
healthySuite(['haproxy', 'memcached', 'redis']);
