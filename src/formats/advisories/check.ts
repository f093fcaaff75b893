import type { Path } from '../text/yaml-source.ts';

/** Something wrong at a place of an advisory file. */
export class Wrong extends Error {
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

/** Where a value stands; worked out only when something is wrong with it. */
export type Place = () => Path;

/** The place of a member of a value, or of one further in. */
export function within(place: Place, ...segments: Path): Place {
  return () => [...place(), ...segments];
}

/** The value as an object with members. Throws `Wrong`. */
export function recordAt(value: unknown, place: Place, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Wrong(place(), `${what} must be an object`);
}

/** The value as a list; [] where it is absent. Throws `Wrong`. */
export function listAt(value: unknown, place: Place, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new Wrong(place(), `${what} must be a list`);
}

/** The value as text that is not empty. Throws `Wrong`. */
export function textAt(value: unknown, place: Place, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new Wrong(place(), value === undefined ? `${what} is missing` : `${what} must be text`);
}

// deb-version(7), but that an upstream version may begin with any of its characters: trackers know of some.
const VERSION = /^(\d+:)?[A-Za-z0-9.+~:-]+$/;

/** The value as a Debian version. Throws `Wrong`. */
export function versionAt(value: unknown, place: Place, what: string): string {
  const version = textAt(value, place, what);
  if (VERSION.test(version)) return version;
  throw new Wrong(place(), `${what} ${version} is not a Debian version`);
}
