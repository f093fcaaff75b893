import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type Decision, decision } from '../../model/access.ts';
import {
  type Build,
  build,
  type Grant,
  grant,
  type ImageVersion,
  imageVersion,
  type StepRecord,
} from '../../model/build.ts';
import type { Catalog, EventRecord, ImageRecord } from '../../ports/catalog.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS image    (name TEXT PRIMARY KEY, spec TEXT NOT NULL, added_at TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS build    (id TEXT PRIMARY KEY, image TEXT NOT NULL, state TEXT NOT NULL, requested_at TEXT NOT NULL,
                                       record TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS build_of_image ON build (image, requested_at);
  CREATE TABLE IF NOT EXISTS step     (build TEXT NOT NULL, step TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (build, step)) STRICT;
  CREATE TABLE IF NOT EXISTS number   (image TEXT NOT NULL, version INTEGER NOT NULL, build TEXT NOT NULL UNIQUE,
                                       PRIMARY KEY (image, version)) STRICT;
  CREATE TABLE IF NOT EXISTS version  (image TEXT NOT NULL, version INTEGER NOT NULL, record TEXT NOT NULL,
                                       PRIMARY KEY (image, version)) STRICT;
  CREATE TABLE IF NOT EXISTS alias    (image TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (image, alias)) STRICT;
  CREATE TABLE IF NOT EXISTS permit   (image TEXT NOT NULL, version INTEGER NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
                                       in_force INTEGER NOT NULL, record TEXT NOT NULL,
                                       PRIMARY KEY (image, version, account, region)) STRICT;
  CREATE TABLE IF NOT EXISTS lease    (name TEXT PRIMARY KEY, holder TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS event    (id TEXT PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, image TEXT, detail TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS decision (id TEXT PRIMARY KEY, at TEXT NOT NULL, image TEXT NOT NULL, version INTEGER NOT NULL,
                                       account TEXT NOT NULL, action TEXT NOT NULL, record TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS decision_of_image ON decision (image, at);
  CREATE INDEX IF NOT EXISTS decision_of_account ON decision (account, at);
  CREATE TABLE IF NOT EXISTS document (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS revision (image TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
`;

/** What moves an image's revision on. */
const REVISIONS = ['version', 'alias', 'permit'].flatMap((table) =>
  (['INSERT', 'UPDATE', 'DELETE'] as const).map((change) => {
    const row = change === 'DELETE' ? 'OLD' : 'NEW';
    return `CREATE TRIGGER IF NOT EXISTS ${table}_${change.toLowerCase()} AFTER ${change} ON ${table} BEGIN
      INSERT INTO revision VALUES (${row}.image, 1) ON CONFLICT (image) DO UPDATE SET number = number + 1;
    END;`;
  }),
);

type Row = Record<string, string | number | null>;
type Filter = Record<string, SQLInputValue | undefined>;

interface Database {
  run(sql: string, ...values: SQLInputValue[]): number;
  row(sql: string, ...values: SQLInputValue[]): Row | undefined;
  rows(sql: string, ...values: SQLInputValue[]): Row[];
  atomically<T>(work: () => T): T;
}

/** The catalog in one SQLite file (write-ahead log, so that readers and one writer in other processes do not disturb each other). */
export function sqliteCatalog(path: string): Catalog & { close(): void } {
  mkdirSync(dirname(path), { recursive: true });
  const connection = new DatabaseSync(path, { timeout: 30_000 });
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  connection.exec([SCHEMA, ...REVISIONS].join('\n'));
  const database = prepared(connection);
  return {
    ...imageRecords(database),
    ...builds(database),
    ...versions(database),
    ...grants(database),
    ...leases(database),
    ...events(database),
    ...decisions(database),
    close: () => connection.close(),
  };
}

function prepared(connection: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>();
  const statement = (sql: string) => {
    const known = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  return {
    run: (sql, ...values) => Number(statement(sql).run(...values).changes),
    row: (sql, ...values) => statement(sql).get(...values) as Row | undefined,
    rows: (sql, ...values) => statement(sql).all(...values) as Row[],
    atomically(work) {
      // IMMEDIATE takes the write lock at once: a read that becomes a write half-way could fail with SQLITE_BUSY.
      connection.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        connection.exec('COMMIT');
        return result;
      } catch (error) {
        connection.exec('ROLLBACK');
        throw error;
      }
    },
  };
}

/** `WHERE` of the columns that have a value, with their values in order. */
function where(filter: Filter): { clause: string; values: SQLInputValue[] } {
  const used = Object.entries(filter).filter((entry): entry is [string, SQLInputValue] => entry[1] !== undefined);
  const clause = used.length === 0 ? '' : `WHERE ${used.map(([column]) => `${column} = ?`).join(' AND ')}`;
  return { clause, values: used.map(([, value]) => value) };
}

const record = (row: Row): unknown => JSON.parse(String(row.record));

function imageRecords(database: Database): Pick<Catalog, 'putImage' | 'getImage' | 'listImages'> {
  const fromRow = (row: Row): ImageRecord => ({
    name: String(row.name),
    spec: String(row.spec),
    addedAt: String(row.added_at),
  });
  return {
    async putImage(image) {
      database.run(
        'INSERT INTO image VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET spec = excluded.spec',
        image.name,
        image.spec,
        image.addedAt,
      );
    },
    async getImage(name) {
      const row = database.row('SELECT * FROM image WHERE name = ?', name);
      return row && fromRow(row);
    },
    async listImages() {
      return database.rows('SELECT * FROM image ORDER BY name').map(fromRow);
    },
  };
}

function builds(
  database: Database,
): Pick<Catalog, 'createBuild' | 'getBuild' | 'listBuilds' | 'imagesWithBuilds' | 'updateBuild' | 'putStep'> {
  const fromRow = (row: Row): Build => {
    const steps = database
      .rows('SELECT record FROM step WHERE build = ? ORDER BY rowid', String(row.id))
      .map(record) as StepRecord[];
    return build.parse({ ...(record(row) as object), steps });
  };
  const stored = (id: string) => {
    const row = database.row('SELECT id, record FROM build WHERE id = ?', id);
    return row && fromRow(row);
  };
  const putStep = (buildId: string, step: StepRecord) =>
    database.run(
      'INSERT INTO step VALUES (?, ?, ?) ON CONFLICT (build, step) DO UPDATE SET record = excluded.record',
      buildId,
      step.step,
      JSON.stringify(step),
    );
  return {
    async createBuild(wanted) {
      return database.atomically(() => {
        const known = stored(wanted.id);
        if (known) return known;
        const { steps, ...rest } = wanted;
        database.run(
          'INSERT INTO build VALUES (?, ?, ?, ?, ?)',
          wanted.id,
          wanted.image,
          wanted.state,
          wanted.requestedAt,
          JSON.stringify(rest),
        );
        for (const step of steps) putStep(wanted.id, step);
        return wanted;
      });
    },
    async getBuild(id) {
      return stored(id);
    },
    async listBuilds({ image, state, limit = 100 }) {
      const { clause, values } = where({ image, state });
      return database
        .rows(`SELECT id, record FROM build ${clause} ORDER BY requested_at DESC, rowid DESC LIMIT ?`, ...values, limit)
        .map(fromRow);
    },
    async imagesWithBuilds(states) {
      const places = states.map(() => '?').join();
      const rows = database.rows(`SELECT DISTINCT image FROM build WHERE state IN (${places})`, ...states);
      return new Set(rows.map((it) => String(it.image)));
    },
    async updateBuild(id, change) {
      database.atomically(() => {
        const known = stored(id);
        if (!known) throw new Error(`internal: no build ${id}`);
        const { steps: _, ...rest } = { ...known, ...change };
        database.run('UPDATE build SET state = ?, record = ? WHERE id = ?', rest.state, JSON.stringify(rest), id);
      });
    },
    async putStep(buildId, step) {
      putStep(buildId, step);
    },
  };
}

type VersionCalls =
  | 'allocateVersion'
  | 'putVersion'
  | 'updateVersion'
  | 'getVersion'
  | 'listVersions'
  | 'aliases'
  | 'setAlias'
  | 'listAliased'
  | 'removeAlias'
  | 'revisions';

function versions(database: Database): Pick<Catalog, VersionCalls> {
  const fromRow = (row: Row): ImageVersion => imageVersion.parse(record(row));
  const stored = (image: string, version: number) => {
    const row = database.row('SELECT record FROM version WHERE image = ? AND version = ?', image, version);
    return row && fromRow(row);
  };
  const store = (version: ImageVersion) =>
    database.run(
      'INSERT INTO version VALUES (?, ?, ?) ON CONFLICT (image, version) DO UPDATE SET record = excluded.record',
      version.image,
      version.version,
      JSON.stringify(version),
    );
  return {
    async allocateVersion(image, buildId) {
      return database.atomically(() => {
        const given = database.row('SELECT version FROM number WHERE build = ?', buildId);
        if (given) return Number(given.version);
        const greatest = database.row('SELECT coalesce(max(version), 0) AS version FROM number WHERE image = ?', image);
        const next = Number(greatest?.version) + 1;
        database.run('INSERT INTO number VALUES (?, ?, ?)', image, next, buildId);
        return next;
      });
    },
    async putVersion(version) {
      database.atomically(() => {
        const known = stored(version.image, version.version);
        if (known && known.buildId !== version.buildId) {
          throw new Error(
            `internal: ${version.image}@${version.version} is of build ${known.buildId}, not ${version.buildId}`,
          );
        }
        store(version);
      });
    },
    async updateVersion(image, version, change) {
      database.atomically(() => {
        const known = stored(image, version);
        if (!known) throw new Error(`internal: no version ${image}@${version}`);
        store({ ...known, ...change, facts: { ...known.facts, ...change.facts } });
      });
    },
    async getVersion(image, version) {
      return stored(image, version);
    },
    async listVersions(image) {
      const { clause, values } = where({ image });
      return database.rows(`SELECT record FROM version ${clause} ORDER BY image, version DESC`, ...values).map(fromRow);
    },
    async aliases(image) {
      const rows = database.rows('SELECT alias, version FROM alias WHERE image = ?', image);
      return Object.fromEntries(rows.map((row) => [String(row.alias), Number(row.version)]));
    },
    async setAlias(image, alias, version) {
      database.run(
        'INSERT INTO alias VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version',
        image,
        alias,
        version,
      );
    },
    async listAliased(alias) {
      const rows = database.rows('SELECT image, version FROM alias WHERE alias = ? ORDER BY image', alias);
      return rows.map((row) => ({ image: String(row.image), version: Number(row.version) }));
    },
    async removeAlias(image, alias) {
      database.run('DELETE FROM alias WHERE image = ? AND alias = ?', image, alias);
    },
    async revisions() {
      const rows = database.rows('SELECT image, number FROM revision');
      return new Map(rows.map((row) => [String(row.image), Number(row.number)]));
    },
  };
}

function grants(database: Database): Pick<Catalog, 'putGrant' | 'revokeGrant' | 'listGrants'> {
  const find = (key: Pick<Grant, 'image' | 'version' | 'account' | 'region'>) =>
    database.row(
      'SELECT record FROM permit WHERE image = ? AND version = ? AND account = ? AND region = ?',
      key.image,
      key.version,
      key.account,
      key.region,
    );
  const store = (it: Grant) =>
    database.run(
      `INSERT INTO permit VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET in_force = excluded.in_force, record = excluded.record`,
      it.image,
      it.version,
      it.account,
      it.region,
      it.revokedAt === undefined ? 1 : 0,
      JSON.stringify(it),
    );
  return {
    async putGrant(wanted) {
      database.atomically(() => {
        const known = find(wanted);
        if (known && grant.parse(record(known)).revokedAt === undefined) return;
        store(wanted);
      });
    },
    async revokeGrant(key, revokedAt) {
      database.atomically(() => {
        const known = find(key);
        if (!known) return;
        const before = grant.parse(record(known));
        if (before.revokedAt === undefined) store({ ...before, revokedAt });
      });
    },
    async listGrants({ image, version, account, inForce }) {
      const { clause, values } = where({
        image,
        version,
        account,
        in_force: inForce === undefined ? undefined : Number(inForce),
      });
      return database
        .rows(`SELECT record FROM permit ${clause} ORDER BY image, version DESC, account, region`, ...values)
        .map((row) => grant.parse(record(row)));
    },
  };
}

function leases(database: Database): Pick<Catalog, 'acquireLease' | 'takeOverLease' | 'releaseLease'> {
  return {
    async acquireLease(name, holder) {
      return database.atomically(() => {
        const held = database.row('SELECT holder FROM lease WHERE name = ?', name);
        if (held && held.holder !== holder) return { kind: 'held', by: String(held.holder) };
        if (!held) database.run('INSERT INTO lease VALUES (?, ?)', name, holder);
        return { kind: 'acquired' };
      });
    },
    async takeOverLease(name, from, to) {
      return database.run('UPDATE lease SET holder = ? WHERE name = ? AND holder = ?', to, name, from) === 1;
    },
    async releaseLease(name, holder) {
      database.run('DELETE FROM lease WHERE name = ? AND holder = ?', name, holder);
    },
  };
}

function events(database: Database): Pick<Catalog, 'recordEvent' | 'listEvents' | 'getDocument' | 'putDocument'> {
  return {
    async recordEvent(event) {
      const sql = 'INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?)';
      return database.run(sql, event.id, event.kind, event.at, event.image ?? null, JSON.stringify(event.detail)) === 1;
    },
    async listEvents({ image, kind, limit = 100 }) {
      const { clause, values } = where({ image, kind });
      return database
        .rows(`SELECT * FROM event ${clause} ORDER BY at DESC, rowid DESC LIMIT ?`, ...values, limit)
        .map(eventOfRow);
    },
    async getDocument(key) {
      const row = database.row('SELECT value FROM document WHERE key = ?', key);
      return row && JSON.parse(String(row.value));
    },
    async putDocument(key, value) {
      database.run(
        'INSERT INTO document VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
        key,
        JSON.stringify(value),
      );
    },
  };
}

function decisions(database: Database): Pick<Catalog, 'recordDecisions' | 'listDecisions'> {
  const insert = 'INSERT OR IGNORE INTO decision VALUES (?, ?, ?, ?, ?, ?, ?)';
  const store = (it: Decision) =>
    database.run(insert, it.id, it.at, it.image, it.version, it.account, it.action, JSON.stringify(it));
  return {
    async recordDecisions(made) {
      database.atomically(() => {
        for (const it of made) store(it);
      });
    },
    async listDecisions({ image, version, account, action, limit = 100 }) {
      const { clause, values } = where({ image, version, account, action });
      return database
        .rows(`SELECT record FROM decision ${clause} ORDER BY at DESC, rowid DESC LIMIT ?`, ...values, limit)
        .map((row) => decision.parse(record(row)));
    },
  };
}

function eventOfRow(row: Row): EventRecord {
  return {
    id: String(row.id),
    kind: String(row.kind),
    at: String(row.at),
    ...(row.image === null ? {} : { image: String(row.image) }),
    detail: JSON.parse(String(row.detail)),
  };
}
