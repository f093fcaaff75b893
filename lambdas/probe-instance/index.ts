import { makeHandler } from './handler.ts';

export const handler = makeHandler();
