import { RemovalPolicy } from 'aws-cdk-lib';
import { FlowLogDestination, Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Where test instances run: subnets without a way in or out, in which only the prober reaches them. It costs nothing while idle. */
export class TestNetwork extends Construct {
  readonly vpc: Vpc;
  readonly instances: SecurityGroup;
  readonly prober: SecurityGroup;

  constructor(scope: Construct, id: string, props: { readonly key: IKey }) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
      restrictDefaultSecurityGroup: false,
    });
    const log = new LogGroup(this, 'FlowLog', {
      retention: RetentionDays.ONE_MONTH,
      encryptionKey: props.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vpc.addFlowLog('Flow', { destination: FlowLogDestination.toCloudWatchLogs(log) });
    this.instances = this.group('Instances', 'test instances: reached by the prober, reach nothing');
    this.prober = this.group('Prober', 'asks test instances');
    this.instances.addIngressRule(this.prober, Port.allTcp(), 'the prober asks');
    this.prober.addEgressRule(this.instances, Port.allTcp(), 'asks test instances');
  }

  private group(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }
}
