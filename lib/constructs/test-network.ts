import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  type GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Where test instances run: subnets without a way in or out, in which only the prober reaches them. It costs nothing while idle. */
export class TestNetwork extends Construct {
  readonly vpc: Vpc;
  readonly instances: SecurityGroup;
  readonly prober: SecurityGroup;
  /** Of what runs commands beside instances: it reaches S3 as well, by the network's gateway, and only what that lets through. */
  readonly commands: SecurityGroup;
  private readonly s3: GatewayVpcEndpoint;

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
    this.commands = this.group('Commands', 'runs commands of tests beside test instances');
    for (const asking of [this.prober, this.commands]) {
      this.instances.addIngressRule(asking, Port.allTcp(), 'asks');
      asking.addEgressRule(this.instances, Port.allTcp(), 'asks test instances');
    }
    // Clients may speak UDP, as those of DNS do; the prober never does.
    this.instances.addIngressRule(this.commands, Port.allUdp(), 'asks');
    this.commands.addEgressRule(this.instances, Port.allUdp(), 'asks test instances');
    // A gateway costs nothing and is the only way out: its addresses are not known here, so the group names all.
    this.s3 = this.vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    this.commands.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'S3 by the gateway endpoint');
  }

  /** Lets objects through the gateway. */
  letThrough(actions: string[], resources: string[]): void {
    this.s3.addToPolicy(new PolicyStatement({ principals: [new AnyPrincipal()], actions, resources }));
  }

  private group(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }
}
