/** Relations between packages (Debian Policy §7.1), as parsed from a stanza's field. */

export type VersionOperator = '<<' | '<=' | '=' | '>=' | '>>';

/** One package name in a relation, with what restricts it. */
export interface Relation {
  readonly name: string;
  /** Multi-Arch qualifier after the colon: `any`, `native` or an architecture. */
  readonly qualifier?: string;
  readonly constraint?: { readonly operator: VersionOperator; readonly version: string };
}

/** `a | b (>= 2)`: at least one member must hold. Order is the packager's preference. */
export type Alternatives = readonly Relation[];

/** Fields of a stanza that relate it to other packages. */
export type RelationField =
  | 'Depends'
  | 'Pre-Depends'
  | 'Recommends'
  | 'Suggests'
  | 'Conflicts'
  | 'Breaks'
  | 'Replaces'
  | 'Provides';
