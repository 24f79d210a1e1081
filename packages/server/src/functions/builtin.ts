/**
 * Functions that a condition can name without anyone declaring them: ZITADEL's first nine and its later five, so that conditions
 * written for any of its versions can be set. Listed in the order in which they are answered.
 */
export const BUILTIN_FUNCTIONS: readonly string[] = [
  "Action.Flow.Type.ExternalAuthentication.Action.TriggerType.PostAuthentication",
  "Action.Flow.Type.ExternalAuthentication.Action.TriggerType.PreCreation",
  "Action.Flow.Type.ExternalAuthentication.Action.TriggerType.PostCreation",
  "Action.Flow.Type.CustomiseToken.Action.TriggerType.PreUserinfoCreation",
  "Action.Flow.Type.CustomiseToken.Action.TriggerType.PreAccessTokenCreation",
  "Action.Flow.Type.InternalAuthentication.Action.TriggerType.PostAuthentication",
  "Action.Flow.Type.InternalAuthentication.Action.TriggerType.PreCreation",
  "Action.Flow.Type.InternalAuthentication.Action.TriggerType.PostCreation",
  "Action.Flow.Type.CustomizeSAMLResponse.Action.TriggerType.PreSAMLResponseCreation",
  "preuserinfo",
  "preaccesstoken",
  "presamlresponse",
  "preotpsmscode",
  "preotpemailcode",
];
