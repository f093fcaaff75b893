import type { Answer, Call, Route } from './door.ts';

interface Refresh {
  readonly id: string;
  readonly group: string;
  readonly template: string;
  readonly version: string;
  readonly preferences: Readonly<Record<string, string>>;
  status: string;
}

export interface InstanceRefreshes {
  readonly route: Route;
  /** Refreshes so far, oldest first. */
  all(): readonly Refresh[];
  /** Ends the one that runs. */
  end(status: 'Successful' | 'RollbackSuccessful'): void;
}

/**
 * Auto Scaling's instance refreshes, which the emulator has not: one a group at a time, the newest first when they are described. And
 * versions of launch templates without a template named, which the emulator answers for one template only, and on top of others.
 */
export function instanceRefreshes(): InstanceRefreshes {
  const all: Refresh[] = [];
  const running = (group: string | null) => all.find((it) => it.group === group && it.status === 'InProgress');
  return {
    all: () => all,
    end(status) {
      for (const it of all) if (it.status === 'InProgress') it.status = status;
    },
    async route(call, forward) {
      const form = new URLSearchParams(call.body.toString());
      if (call.operation === 'DescribeLaunchTemplateVersions') return versionsOfAll(call, form, forward);
      if (call.operation === 'CreateLaunchTemplateVersion') return forward(await withSource(call, form, forward));
      if (call.service !== 'autoscaling') return undefined;
      const group = form.get('AutoScalingGroupName');
      if (call.operation === 'DescribeInstanceRefreshes') return described(all.filter((it) => it.group === group));
      if (call.operation !== 'StartInstanceRefresh') return undefined;
      if (running(group)) return fault('InstanceRefreshInProgress', `${group} is being refreshed`);
      const id = `refresh-${all.length + 1}`;
      const field = (name: string) => form.get(`DesiredConfiguration.LaunchTemplate.${name}`) ?? '';
      const preferences = Object.fromEntries([...form].filter(([key]) => key.startsWith('Preferences.')));
      const template = { template: field('LaunchTemplateName'), version: field('Version') };
      all.push({ id, group: group ?? '', ...template, preferences, status: 'InProgress' });
      return result('StartInstanceRefresh', `<InstanceRefreshId>${id}</InstanceRefreshId>`);
    },
  };
}

async function versionsOfAll(call: Call, form: URLSearchParams, forward: (call: Call) => Promise<Answer>) {
  if (form.has('LaunchTemplateName') || form.has('LaunchTemplateId')) return undefined;
  const ask = async (parameters: [string, string][]) =>
    forward({ ...call, body: Buffer.from(new URLSearchParams([['Version', '2016-11-15'], ...parameters]).toString()) });
  const templates = (await ask([['Action', 'DescribeLaunchTemplates']])).body.toString();
  const names = [...templates.matchAll(/<launchTemplateName>([^<]+)</g)].map((match) => match[1] ?? '');
  const kept = [...form].filter(([key]) => key.startsWith('LaunchTemplateVersion.'));
  const parts = await Promise.all(
    names.map(async (name) => {
      const answer = await ask([['Action', 'DescribeLaunchTemplateVersions'], ['LaunchTemplateName', name], ...kept]);
      return /<launchTemplateVersionSet>([\s\S]*)<\/launchTemplateVersionSet>/.exec(answer.body.toString())?.[1] ?? '';
    }),
  );
  const body = `<launchTemplateVersionSet>${parts.join('')}</launchTemplateVersionSet>`;
  const [open, close] = ['<DescribeLaunchTemplateVersionsResponse>', '</DescribeLaunchTemplateVersionsResponse>'];
  return xml(200, `${open}${body}${close}`);
}

/** A new version has what its source version has, where the request says nothing else; the emulator forgets that. */
async function withSource(call: Call, form: URLSearchParams, forward: (call: Call) => Promise<Answer>): Promise<Call> {
  const request = new URLSearchParams({
    Action: 'DescribeLaunchTemplateVersions',
    Version: '2016-11-15',
    LaunchTemplateName: form.get('LaunchTemplateName') ?? '',
    'LaunchTemplateVersion.1': form.get('SourceVersion') ?? '',
  });
  const answer = (await forward({ ...call, body: Buffer.from(request.toString()) })).body.toString();
  const data = /<launchTemplateData>([\s\S]*?)<\/launchTemplateData>/.exec(answer)?.[1] ?? '';
  const merged = new URLSearchParams(form);
  for (const [, name = '', value = ''] of data.matchAll(/<(\w+)>([^<]+)<\/\1>/g)) {
    const key = `LaunchTemplateData.${name[0]?.toUpperCase()}${name.slice(1)}`;
    if (!merged.has(key)) merged.set(key, value);
  }
  return { ...call, body: Buffer.from(merged.toString()) };
}

function described(refreshes: readonly Refresh[]): Answer {
  const member = ({ id, group, template, version, status }: Refresh) =>
    `<member><InstanceRefreshId>${id}</InstanceRefreshId><AutoScalingGroupName>${group}</AutoScalingGroupName><Status>${status}</Status>` +
    `<DesiredConfiguration><LaunchTemplate><LaunchTemplateName>${template}</LaunchTemplateName><Version>${version}</Version></LaunchTemplate></DesiredConfiguration></member>`;
  const members = refreshes.toReversed().map(member).join('');
  return result('DescribeInstanceRefreshes', `<InstanceRefreshes>${members}</InstanceRefreshes>`);
}

const result = (operation: string, body: string): Answer =>
  xml(200, `<${operation}Response><${operation}Result>${body}</${operation}Result></${operation}Response>`);

const fault = (code: string, message: string): Answer =>
  xml(
    400,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  );

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(body),
});
