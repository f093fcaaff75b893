/** SSM parameter in which a deployment says where its parts are: JSON of the variables that its functions have. */
export const deploymentParameter = (name: string): string => `/${name}/deployment`;
