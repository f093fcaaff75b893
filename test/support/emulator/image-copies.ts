import type { Answer, Call, Route } from './door.ts';
import { outerItems } from './machine-images.ts';

type Forward = (call: Call) => Promise<Answer>;

interface Copy {
  readonly id: string;
  readonly region: string;
  readonly parameters: URLSearchParams;
  /** How often it was looked at. */
  looks: number;
  disabled: boolean;
}

/** Looks at a copy until it is there; on AWS it takes minutes. */
const PENDING_LOOKS = 1;
const NAMESPACE = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';

/**
 * What CopyImage does and the emulator does not: the client token brings the same copy, the source must be there, a name is taken once a
 * region, a copy is pending at first, it and its snapshot have the tags that were asked for, and its disk is encrypted where that was asked for.
 */
export function imageCopies(): Route {
  const copies = new Map<string, Copy>();
  const byToken = new Map<string, Copy>();
  return async (call, forward) => {
    if (call.service !== 'ec2') return undefined;
    const form = new URLSearchParams(call.body.toString());
    const region = regionOf(call);
    if (call.operation === 'CopyImage') {
      const known = byToken.get(form.get('ClientToken') ?? '');
      if (known) return sameOr(known, form);
      return begin(call, { form, region, forward, copies, byToken });
    }
    const copy = copies.get(form.get('ImageId') ?? '');
    if (call.operation === 'DisableImage' && copy) {
      copy.disabled = true;
      return xml(200, `<DisableImageResponse ${NAMESPACE}><return>true</return></DisableImageResponse>`);
    }
    const there = [...copies.values()].filter((it) => it.region === region);
    if (call.operation === 'DescribeImages' && there.length > 0) return told(await forward(call), copies);
    return undefined;
  };
}

/** Region that a call is signed for. */
export function regionOf(call: Call): string {
  return /Credential=[^/]+\/\d+\/([^/]+)\//.exec(call.headers.authorization ?? '')?.[1] ?? '';
}

interface Beginning {
  readonly form: URLSearchParams;
  readonly region: string;
  readonly forward: Forward;
  readonly copies: Map<string, Copy>;
  readonly byToken: Map<string, Copy>;
}

async function begin(call: Call, { form, region, forward, copies, byToken }: Beginning): Promise<Answer> {
  const source = form.get('SourceImageId') ?? '';
  const sourceRegion = form.get('SourceRegion') ?? '';
  const found = await asked(signedFor(call, sourceRegion), forward, { Action: 'DescribeImages', 'ImageId.1': source });
  if (!found.includes(`<imageId>${source}<`))
    return fault('InvalidAMIID.NotFound', `no image ${source} in ${sourceRegion}`);
  const name = { 'Filter.1.Name': 'name', 'Filter.1.Value.1': form.get('Name') ?? '' };
  const taken = await asked(call, forward, { Action: 'DescribeImages', ...name });
  if (taken.includes('<imageId>')) return fault('InvalidAMIName.Duplicate', `the name ${form.get('Name')} is taken`);
  const answer = await forward(call);
  const id = /<imageId>(ami-[0-9a-f]+)</.exec(answer.body.toString())?.[1] ?? '';
  const copy = { id, region, parameters: form, looks: 0, disabled: false };
  copies.set(id, copy);
  byToken.set(form.get('ClientToken') ?? id, copy);
  const made = await asked(call, forward, { Action: 'DescribeImages', 'ImageId.1': id });
  const snapshot = /<snapshotId>(snap-[0-9a-f]+)</.exec(made)?.[1];
  await tag(call, form, forward, { image: id, ...(snapshot ? { snapshot } : {}) });
  return answer;
}

async function tag(call: Call, form: URLSearchParams, forward: Forward, ids: Readonly<Record<string, string>>) {
  for (let at = 1; form.has(`TagSpecification.${at}.ResourceType`); at += 1) {
    const id = ids[form.get(`TagSpecification.${at}.ResourceType`) ?? ''];
    const prefix = `TagSpecification.${at}.`;
    const tags = [...form].filter(([key]) => key.startsWith(`${prefix}Tag.`));
    if (id === undefined || tags.length === 0) continue;
    const listed = Object.fromEntries(tags.map(([key, value]) => [key.slice(prefix.length), value]));
    await asked(call, forward, { Action: 'CreateTags', 'ResourceId.1': id, ...listed });
  }
}

async function asked(call: Call, forward: Forward, parameters: Readonly<Record<string, string>>): Promise<string> {
  const body = Buffer.from(new URLSearchParams({ Version: '2016-11-15', ...parameters }).toString());
  return (await forward({ ...call, body })).body.toString();
}

function signedFor(call: Call, region: string): Call {
  const authorization = (call.headers.authorization ?? '').replace(`/${regionOf(call)}/`, `/${region}/`);
  return { ...call, headers: { ...call.headers, authorization } };
}

function sameOr(known: Copy, form: URLSearchParams): Answer {
  const same = known.parameters.toString() === form.toString();
  if (!same) return fault('IdempotentParameterMismatch', 'the client token is that of another request');
  return xml(200, `<CopyImageResponse ${NAMESPACE}><imageId>${known.id}</imageId></CopyImageResponse>`);
}

/** The answer with what is known of the copies in it; a copy that was looked at often enough is there. */
function told(answer: Answer, copies: ReadonlyMap<string, Copy>): Answer {
  const parts = outerItems(answer.body.toString()).map((part) => {
    const copy = copies.get(/<imageId>(ami-[0-9a-f]+)</.exec(part)?.[1] ?? '');
    if (!copy) return part;
    copy.looks += 1;
    const state = copy.disabled ? 'disabled' : copy.looks <= PENDING_LOOKS ? 'pending' : 'available';
    const encrypted = copy.parameters.get('Encrypted') === 'true';
    return part
      .replace(/<imageState>available</, `<imageState>${state}<`)
      .replace(/<encrypted>[^<]*<\/encrypted>/g, '')
      .replace(/<\/snapshotId>/g, `</snapshotId><encrypted>${encrypted}</encrypted>`);
  });
  const headers = Object.entries(answer.headers).filter(([name]) => name !== 'content-length');
  return { ...answer, headers: Object.fromEntries(headers), body: Buffer.from(parts.join('')) };
}

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${body}`),
});

const fault = (code: string, message: string): Answer =>
  xml(400, `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`);
