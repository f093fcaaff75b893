import {
  CreateComponentCommand,
  CreateImageRecipeCommand,
  type ImagebuilderClient,
  ListComponentsCommand,
  ListImageRecipesCommand,
} from '@aws-sdk/client-imagebuilder';
import { sha256 } from '../../../model/canonical.ts';
import { errorName } from '../aws-fault.ts';

/** What stands for Debian, Ubuntu and the like in Image Builder. */
const PLATFORM = 'Linux';
const VERSION = '1.0.0';

/** The component of a document, by a name that has the document's digest: made once, then reused. */
export async function componentOf(
  client: ImagebuilderClient,
  { name, digest, uri }: { name: string; digest: string; uri: string },
): Promise<string> {
  const unique = `${name}-${digest.slice(0, 16)}`;
  try {
    const answer = await client.send(
      new CreateComponentCommand({
        name: unique,
        semanticVersion: VERSION,
        platform: PLATFORM,
        description: `digest ${digest}`,
        uri,
        clientToken: sha256(`component ${unique}`),
      }),
    );
    return answer.componentBuildVersionArn as string;
  } catch (error) {
    if (!isThere(error)) throw error;
    const filters = [{ name: 'name', values: [unique] }];
    const found = await client.send(new ListComponentsCommand({ owner: 'Self', filters }));
    const arn = found.componentVersionList?.[0]?.arn;
    if (!arn) throw new Error(`internal: component ${unique} is there, and not listed`);
    return `${arn}/1`;
  }
}

export interface Recipe {
  readonly name: string;
  readonly parent: string;
  readonly componentArn: string;
}

/** The recipe of a parent and a component, by a name that has the digest of both: made once, then reused. */
export async function recipeOf(client: ImagebuilderClient, recipe: Recipe): Promise<string> {
  const digest = sha256(JSON.stringify([recipe.parent, recipe.componentArn]));
  const name = `${recipe.name}-${digest.slice(0, 16)}`;
  try {
    const answer = await client.send(
      new CreateImageRecipeCommand({
        name,
        semanticVersion: VERSION,
        parentImage: recipe.parent,
        components: [{ componentArn: recipe.componentArn }],
        additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: true } },
        clientToken: sha256(`recipe ${name}`),
      }),
    );
    return answer.imageRecipeArn as string;
  } catch (error) {
    if (!isThere(error)) throw error;
    const filters = [{ name: 'name', values: [name] }];
    const found = await client.send(new ListImageRecipesCommand({ owner: 'Self', filters }));
    const arn = found.imageRecipeSummaryList?.[0]?.arn;
    if (!arn) throw new Error(`internal: recipe ${name} is there, and not listed`);
    return arn;
  }
}

const isThere = (error: unknown) => errorName(error) === 'ResourceAlreadyExistsException';
