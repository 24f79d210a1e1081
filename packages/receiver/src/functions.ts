/** Fields of a JSON object, none of them known. */
export type Fields = Readonly<Record<string, unknown>>;

// Everything here is a type and no interface: as such it is one of `Fields` too. What is left out when empty is optional.

/** A user as ZITADEL tells of one. Another provider may leave out all of it but the id. */
export type User = Fields & {
  readonly id?: string;
  readonly creation_date?: string;
  readonly change_date?: string;
  readonly resource_owner?: string;
  readonly sequence?: number;
  /** 1: active. */
  readonly state?: number;
  readonly type?: number;
  readonly username?: string;
  readonly login_names?: readonly string[];
  readonly preferred_login_name?: string;
  readonly human?: Human;
  readonly machine?: Fields;
};

/** What only a person has. */
export type Human = Fields & {
  readonly first_name?: string;
  readonly last_name?: string;
  readonly nick_name?: string;
  readonly display_name?: string;
  readonly avatar_key?: string;
  readonly preferred_language?: string;
  readonly gender?: number;
  readonly email?: string;
  readonly is_email_verified?: boolean;
  readonly phone?: string;
  readonly is_phone_verified?: boolean;
  readonly password_change_required?: boolean;
  readonly password_changed?: string;
  readonly mfa_init_skipped?: string;
};

/** One entry of what is kept of a user. */
export type UserMetadata = Fields & {
  readonly key?: string;
  /** Base64. */
  readonly value?: string;
  readonly creation_date?: string;
  readonly change_date?: string;
  readonly resource_owner?: string;
  readonly sequence?: number;
};

/** What a user may do in a project. */
export type UserGrant = Fields & {
  readonly id?: string;
  readonly roles?: readonly string[];
  readonly state?: number;
  readonly user_id?: string;
  readonly project_id?: string;
  readonly project_name?: string;
  readonly resource_owner?: string;
  readonly org_name?: string;
  readonly org_primary_domain?: string;
};

/** The organisation of a user. */
export type Organisation = Fields & {
  readonly id?: string;
  readonly name?: string;
  readonly primary_domain?: string;
};

/** What is known where a SAML response is made. */
export type SamlInput = Fields & {
  readonly user?: User;
  readonly user_metadata?: readonly UserMetadata[];
  readonly org?: Organisation;
  readonly user_grants?: readonly UserGrant[];
};

/** What is known where claims go into a token or userinfo. */
export type TokenInput = SamlInput & {
  /** The claims so far. */
  readonly userinfo?: Fields & { readonly sub?: string };
  readonly application?: Fields & { readonly client_id?: string };
};

/** How one-time codes are made where nobody has a say. */
export type CodeSettings = Fields & {
  readonly length?: number;
  /** As Go writes a duration: `5m0s`. */
  readonly expiry?: string;
  readonly include_lower_letters?: boolean;
  readonly include_upper_letters?: boolean;
  readonly include_digits?: boolean;
  readonly include_symbols?: boolean;
};

/** What is known where a one-time code is made. */
export type CodeInput = Fields & {
  readonly user?: User;
  readonly org?: Organisation;
  readonly recipient_phone_number?: string;
  readonly recipient_email_address?: string;
  readonly generator_config?: CodeSettings;
};

/** The functions that ZITADEL knows: what each is given, and what kind of change it takes for an answer. */
export interface BuiltinFunctions {
  readonly preuserinfo: { readonly input: TokenInput; readonly reply: "claims" };
  readonly preaccesstoken: { readonly input: TokenInput; readonly reply: "claims" };
  readonly presamlresponse: { readonly input: SamlInput; readonly reply: "attributes" };
  readonly preotpsmscode: { readonly input: CodeInput; readonly reply: "code" };
  readonly preotpemailcode: { readonly input: CodeInput; readonly reply: "code" };
}
