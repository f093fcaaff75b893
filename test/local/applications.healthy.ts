import { healthyApplications } from '../support/healthy-applications.ts';
import { healthySuite } from '../support/healthy-suite.ts';

healthySuite(healthyApplications.map((it) => it.name));
