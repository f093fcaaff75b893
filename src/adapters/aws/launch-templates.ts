import {
  type AutoScalingClient,
  DescribeInstanceRefreshesCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  ModifyLaunchTemplateCommand,
} from '@aws-sdk/client-ec2';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import { errorName } from './aws-fault.ts';

/** A launch template that follows an image. */
export interface FollowingTemplate {
  /** Its name. */
  readonly template: string;
  /** Auto Scaling group whose instances are replaced once its template has changed; undefined: new instances only. */
  readonly autoScalingGroup?: string;
  /** Per cent of the group that stay healthy meanwhile. */
  readonly minHealthyPercentage: number;
}

export type Followed = 'as it was' | 'new version' | 'refreshing' | 'rolled back';

/**
 * Gives a launch template a version with the AMI, makes it the default one, and has its group's instances replaced. Safe to repeat: a
 * default version that names the AMI stays. An instance refresh that goes wrong rolls itself back (AutoRollback); the template's default
 * version then goes back as well, and the AMI is not tried again. Throws NOT_FOUND, BUSY.
 */
export async function followImage(
  { ec2, scaling }: { readonly ec2: EC2Client; readonly scaling: AutoScalingClient },
  following: FollowingTemplate,
  imageId: string,
): Promise<Followed> {
  const { template, autoScalingGroup } = following;
  const before = await versionOf(ec2, template, '$Default');
  const failed = autoScalingGroup && (await rolledBack({ ec2, scaling }, template, autoScalingGroup));
  if (failed && failed.imageId === imageId)
    return (await goBack(ec2, template, before, failed)) ? 'rolled back' : 'as it was';
  const version =
    before.imageId === imageId ? before.version : await newVersion(ec2, template, before.version, imageId);
  if (autoScalingGroup === undefined) return before.imageId === imageId ? 'as it was' : 'new version';
  return refresh(scaling, following, version, imageId);
}

interface Version {
  readonly version: string;
  readonly imageId: string | undefined;
  /** The version that was the default one before it. */
  readonly after: string | undefined;
}

/** The version to which the group's newest refresh led, if that rolled itself back. */
async function rolledBack(
  { ec2, scaling }: { readonly ec2: EC2Client; readonly scaling: AutoScalingClient },
  template: string,
  group: string,
): Promise<Version | undefined> {
  const last = await lastRefresh(scaling, group);
  const version = last?.DesiredConfiguration?.LaunchTemplate?.Version;
  if (version === undefined || !last?.Status?.startsWith('Rollback')) return undefined;
  return versionOf(ec2, template, version);
}

/** Whether there was anything to do: whoever launches by the default version must not get what the group gave up. */
async function goBack(ec2: EC2Client, template: string, current: Version, failed: Version): Promise<boolean> {
  if (current.version !== failed.version || failed.after === undefined) return false;
  await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName: template, DefaultVersion: failed.after }));
  return true;
}

async function lastRefresh(scaling: AutoScalingClient, AutoScalingGroupName: string) {
  const latest = await scaling.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName, MaxRecords: 1 }));
  return latest.InstanceRefreshes?.[0];
}

async function versionOf(ec2: EC2Client, template: string, version: string): Promise<Version> {
  try {
    const request = { LaunchTemplateName: template, Versions: [version] };
    const answer = await ec2.send(new DescribeLaunchTemplateVersionsCommand(request));
    const [found] = answer.LaunchTemplateVersions ?? [];
    const after = / after version (\d+)$/.exec(found?.VersionDescription ?? '')?.[1];
    return { version: String(found?.VersionNumber), imageId: found?.LaunchTemplateData?.ImageId, after };
  } catch (error) {
    if (!errorName(error).startsWith('InvalidLaunchTemplate')) throw error;
    const hint = 'launchTemplates of kiln.config.yaml names those that follow an image';
    throw new KilnError('NOT_FOUND', `there is no launch template ${template}`, { hint });
  }
}

async function newVersion(ec2: EC2Client, template: string, from: string, ImageId: string): Promise<string> {
  const made = await ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName: template,
      SourceVersion: from,
      VersionDescription: `Kiln: ${ImageId} after version ${from}`,
      LaunchTemplateData: { ImageId },
      ClientToken: sha256(`${template} ${from} ${ImageId}`),
    }),
  );
  const version = String(made.LaunchTemplateVersion?.VersionNumber);
  await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName: template, DefaultVersion: version }));
  return version;
}

async function refresh(
  scaling: AutoScalingClient,
  { template, autoScalingGroup, minHealthyPercentage }: FollowingTemplate,
  version: string,
  imageId: string,
): Promise<Followed> {
  const AutoScalingGroupName = autoScalingGroup as string;
  const last = await lastRefresh(scaling, AutoScalingGroupName);
  const wanted = last?.DesiredConfiguration?.LaunchTemplate?.Version === version;
  if (wanted) return last?.Status === 'Successful' ? 'as it was' : 'refreshing';
  try {
    await scaling.send(
      new StartInstanceRefreshCommand({
        AutoScalingGroupName,
        Strategy: 'Rolling',
        DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName: template, Version: version } },
        Preferences: { AutoRollback: true, SkipMatching: true, MinHealthyPercentage: minHealthyPercentage },
      }),
    );
    return 'refreshing';
  } catch (error) {
    if (errorName(error) !== 'InstanceRefreshInProgressFault' && errorName(error) !== 'InstanceRefreshInProgress')
      throw error;
    const hint = 'it is tried again once that refresh has ended';
    throw new KilnError('BUSY', `${AutoScalingGroupName} is being refreshed; ${imageId} has to wait`, { hint });
  }
}
