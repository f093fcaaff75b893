/** Identifiers of the entities of a type that a policy (as data) names anywhere, each once. */
export function entitiesNamed(policy: unknown, type: string): string[] {
  const found = new Set<string>();
  collect(policy, type, found);
  return [...found];
}

function collect(value: unknown, type: string, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  const entity = value as { type?: unknown; id?: unknown };
  if (entity.type === type && typeof entity.id === 'string') found.add(entity.id);
  for (const part of Object.values(value)) collect(part, type, found);
}
