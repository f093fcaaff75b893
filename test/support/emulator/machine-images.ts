import type { Answer, Call, Route } from './door.ts';

interface Image {
  readonly id: string;
  readonly name: string;
  /** RegisterImage's own parameters, as the form has them. */
  readonly parameters: URLSearchParams;
  disabled: boolean;
  deprecateAt?: string;
}

/**
 * What RegisterImage, DisableImage and DescribeImages do and the emulator does not: names are unique, the block device
 * mapping, boot mode, ENA, IMDS and tags are kept and told, a disabled image is told as such and loses its permissions.
 */
export function machineImages(): Route {
  const images = new Map<string, Image>();
  // Of two that ask for one name at once one gets it: each is registered whole before the next is looked at.
  let registered: Promise<unknown> = Promise.resolve();
  const oneByOne = <T>(work: () => Promise<T>): Promise<T> => {
    const done = registered.then(work);
    registered = done.catch(() => undefined);
    return done;
  };
  return async (call, forward) => {
    if (call.service !== 'ec2') return undefined;
    const form = new URLSearchParams(call.body.toString());
    switch (call.operation) {
      case 'RegisterImage':
        return oneByOne(() => register(call, form, forward, images));
      case 'DisableImage':
      case 'EnableImage':
        return setDisabled(call, form, forward, images);
      case 'EnableImageDeprecation':
        return deprecate(form, images);
      case 'DeregisterImage':
        images.delete(form.get('ImageId') ?? '');
        return undefined;
      case 'DescribeImages':
        return told(await forward(call), images);
      default:
        return undefined;
    }
  };
}

type Forward = (call: Call) => Promise<Answer>;

async function register(call: Call, form: URLSearchParams, forward: Forward, images: Map<string, Image>) {
  const name = form.get('Name') ?? '';
  const taken = [...images.values()].find((it) => it.name === name);
  if (taken) return fault('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${taken.id}`);
  const answer = await forward(call);
  const id = /<imageId>(ami-[0-9a-f]+)</.exec(answer.body.toString())?.[1];
  if (id) {
    images.set(id, { id, name, parameters: form, disabled: false });
    await tag(call, id, form, forward);
  }
  return answer;
}

async function tag(call: Call, id: string, form: URLSearchParams, forward: Forward): Promise<void> {
  const tags = [...form].filter(([key]) => key.startsWith('TagSpecification.1.Tag.'));
  if (tags.length === 0) return;
  const request = new URLSearchParams({ Action: 'CreateTags', Version: '2016-11-15', 'ResourceId.1': id });
  for (const [key, value] of tags) request.set(key.replace('TagSpecification.1.', ''), value);
  await forward({ ...call, body: Buffer.from(request.toString()) });
}

async function setDisabled(call: Call, form: URLSearchParams, forward: Forward, images: Map<string, Image>) {
  const image = images.get(form.get('ImageId') ?? '');
  if (!image) return fault('InvalidAMIID.NotFound', `no image ${form.get('ImageId')}`);
  image.disabled = call.operation === 'DisableImage';
  if (image.disabled) await takePermissions(call, image.id, forward);
  const body = `<${call.operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><return>true</return></${call.operation}Response>`;
  return xml(200, body);
}

function deprecate(form: URLSearchParams, images: Map<string, Image>): Answer {
  const image = images.get(form.get('ImageId') ?? '');
  if (!image) return fault('InvalidAMIID.NotFound', `no image ${form.get('ImageId')}`);
  image.deprecateAt = form.get('DeprecateAt') ?? '';
  const namespace = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';
  return xml(
    200,
    `<EnableImageDeprecationResponse ${namespace}><return>true</return></EnableImageDeprecationResponse>`,
  );
}

async function takePermissions(call: Call, id: string, forward: Forward): Promise<void> {
  const base = { Version: '2016-11-15', ImageId: id, Attribute: 'launchPermission' };
  const ask = (parameters: Record<string, string>) =>
    forward({ ...call, body: Buffer.from(new URLSearchParams({ ...base, ...parameters }).toString()) });
  const answer = await ask({ Action: 'DescribeImageAttribute' });
  const users = [...answer.body.toString().matchAll(/<userId>(\d+)</g)].map((match) => match[1] ?? '');
  if (users.length === 0) return;
  const listed = users.map((user, index) => [`UserId.${index + 1}`, user] as const);
  await ask({ Action: 'ModifyImageAttribute', OperationType: 'remove', ...Object.fromEntries(listed) });
}

function told(answer: Answer, images: ReadonlyMap<string, Image>): Answer {
  const parts = outerItems(answer.body.toString()).map((part) => {
    const image = images.get(/<imageId>(ami-[0-9a-f]+)</.exec(part)?.[1] ?? '');
    return image ? describe(part, image) : part;
  });
  return { ...answer, headers: withoutLength(answer), body: Buffer.from(parts.join('')) };
}

/** The text cut before and after each `item` that is in no other one. */
export function outerItems(text: string): string[] {
  const cuts = [0];
  let depth = 0;
  for (const tag of text.matchAll(/<(\/?)item>/g)) {
    depth += tag[1] ? -1 : 1;
    if (tag[1] && depth === 0) cuts.push(tag.index + tag[0].length);
    if (!tag[1] && depth === 1) cuts.push(tag.index);
  }
  return cuts.map((start, at) => text.slice(start, cuts[at + 1]));
}

function describe(item: string, image: Image): string {
  const snapshot = image.parameters.get('BlockDeviceMapping.1.Ebs.SnapshotId');
  const mapped = snapshot ? item.replace(/<snapshotId>[^<]*</, `<snapshotId>${snapshot}<`) : item;
  const state = image.disabled ? mapped.replace(/<imageState>[^<]*</, '<imageState>disabled<') : mapped;
  const further = [
    ['bootMode', image.parameters.get('BootMode')],
    ['enaSupport', image.parameters.get('EnaSupport')],
    ['imdsSupport', image.parameters.get('ImdsSupport')],
    ['deprecationTime', image.deprecateAt],
  ].map(([name, value]) => (value ? `<${name}>${value}</${name}>` : ''));
  const cleaned = state.replace(/<(bootMode|enaSupport|imdsSupport|deprecationTime)>[^<]*<\/\1>/g, '');
  return cleaned.replace(/<imageState>/, `${further.join('')}<imageState>`);
}

const withoutLength = (answer: Answer) =>
  Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== 'content-length'));

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${body}`),
});

const fault = (code: string, message: string): Answer =>
  xml(400, `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`);
