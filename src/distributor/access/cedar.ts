import type {
  AuthorizationAnswer,
  DetailedError,
  EntityJson,
  EntityUidJson,
  PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { ACCESS_SCHEMA } from './schema.ts';

/** Cedar, as far as Kiln uses it: offsets are bytes of UTF-8, errors are values. */

export type { EntityJson, EntityUidJson, PolicyJson };

export interface CedarComplaint {
  readonly message: string;
  readonly hint?: string;
  /** Byte at which it stands; 0 where Cedar does not say. */
  readonly offset: number;
}

/** The policies of a text, each as its own text in no particular order; or what is wrong with the text. */
export function splitPolicies(text: string): { policies: string[] } | { complaints: CedarComplaint[] } {
  const answer = cedar.policySetTextToParts(text);
  if (answer.type === 'failure') return { complaints: answer.errors.flatMap(complaintsOf) };
  if (answer.policy_templates.length === 0) return { policies: answer.policies };
  const [template = ''] = answer.policy_templates;
  const message = 'a policy with ?principal or ?resource is a template, and nothing here would fill it in';
  return { complaints: [{ message, offset: Buffer.byteLength(text.slice(0, Math.max(text.indexOf(template), 0))) }] };
}

/** A policy as data. The text must be one that `splitPolicies` gave. */
export function policyAsJson(text: string): PolicyJson {
  const answer = cedar.policyToJson(text);
  if (answer.type === 'success') return answer.json;
  throw new Error(`internal: a policy that parses has no JSON: ${answer.errors[0]?.message}`);
}

/** What of one policy does not fit the schema, and what is odd about it. */
export function checkPolicy(text: string): { errors: CedarComplaint[]; warnings: CedarComplaint[] } {
  const answer = cedar.validate({
    schema: ACCESS_SCHEMA,
    policies: { staticPolicies: { it: text } },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return { errors: answer.errors.flatMap(complaintsOf), warnings: [] };
  return {
    errors: answer.validationErrors.flatMap((it) => complaintsOf(it.error)),
    warnings: answer.validationWarnings.flatMap((it) => complaintsOf(it.error)),
  };
}

/** Prepares policies (text or data) by their identifiers for `authorize`; `set` names them from then on in this process. */
export function prepare(set: string, policies: Readonly<Record<string, string | PolicyJson>>): void {
  const parsed = cedar.preparsePolicySet(set, { staticPolicies: { ...policies } });
  if (parsed.type === 'failure')
    throw new Error(`internal: checked policies do not parse: ${parsed.errors[0]?.message}`);
}

export interface CedarRequest {
  readonly principal: EntityUidJson;
  readonly action: EntityUidJson;
  readonly resource: EntityUidJson;
  readonly context: Readonly<Record<string, string | boolean | number>>;
  readonly entities: readonly EntityJson[];
}

/** Cedar's answer: whether it is allowed, by which policies, and which policies failed while they were evaluated. */
export function authorize(
  set: string,
  request: CedarRequest,
): { allowed: boolean; reasons: string[]; failed: string[] } {
  const answer: AuthorizationAnswer = cedar.statefulIsAuthorized({
    ...request,
    context: { ...request.context },
    entities: [...request.entities],
    preparsedPolicySetId: set,
    // The policies were checked against the schema; checking each request too would take four times as long.
    validateRequest: false,
  });
  if (answer.type === 'failure')
    throw new Error(`internal: Cedar does not take the request: ${answer.errors[0]?.message}`);
  const { decision, diagnostics } = answer.response;
  const failed = diagnostics.errors.map((it) => it.policyId);
  return { allowed: decision === 'allow', reasons: [...diagnostics.reason].sort(), failed };
}

/** Cedar hangs further errors on the first, and says with each what its caller knows anyway. */
function complaintsOf(error: DetailedError): CedarComplaint[] {
  const label = error.sourceLocations?.[0]?.label;
  const told = `${error.message}${label ? `; ${label}` : ''}`;
  const message = told.replace(/^failed to parse policies from string: /, '').replace(/for policy `[^`]*`, /g, '');
  const own = { message, hint: error.help ?? undefined, offset: error.sourceLocations?.[0]?.start ?? 0 };
  return [own, ...(error.related ?? []).flatMap(complaintsOf)];
}
