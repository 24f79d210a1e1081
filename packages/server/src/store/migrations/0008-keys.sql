-- Keys of targets and of the instance. What is sealed is encrypted with a master key that the database does not have, and bound to its row and column.

alter table interpose.instances
  -- Tells whether a server has the master key that the rest was sealed with.
  add column sealed_check    bytea,
  -- What all targets are sent of headers and credentials.
  add column sealed_outbound bytea;

alter table interpose.targets
  add column payload_type    text not null default 'json' check (payload_type in ('json', 'jwt', 'jwe')),
  -- What the target is sent of headers and credentials.
  add column sealed_outbound bytea;

-- Keys that sign what a target is sent.
create table interpose.signing_keys (
  instance_id text        not null,
  target_id   text        not null,
  id          text        not null,
  algorithm   text        not null check (algorithm in ('hmac', 'ed25519')),
  sealed      bytea       not null,
  -- Of a pair, as SubjectPublicKeyInfo (DER).
  public_key  bytea,
  created_at  timestamptz not null,
  -- Set when another one has taken its place.
  expires_at  timestamptz,
  primary key (instance_id, target_id, id),
  foreign key (instance_id, target_id) references interpose.targets (instance_id, id) on delete cascade,
  check ((algorithm = 'ed25519') = (public_key is not null))
);

create unique index signing_keys_current on interpose.signing_keys (instance_id, target_id, algorithm) where expires_at is null;

-- Public keys of targets, for which payloads are encrypted.
create table interpose.public_keys (
  instance_id text        not null,
  target_id   text        not null,
  id          text        not null,
  -- As it was given.
  pem         text        not null,
  fingerprint text        not null,
  active      boolean     not null,
  expires_at  timestamptz,
  created_at  timestamptz not null,
  changed_at  timestamptz not null,
  primary key (instance_id, target_id, id),
  foreign key (instance_id, target_id) references interpose.targets (instance_id, id) on delete cascade
);

create unique index public_keys_active on interpose.public_keys (instance_id, target_id) where active;

-- Keys by which the instance signs payloads. The id is the "kid" of what they sign.
create table interpose.instance_keys (
  instance_id text        not null references interpose.instances (id),
  id          text        not null,
  algorithm   text        not null check (algorithm = 'RS256'),
  sealed      bytea       not null,
  public_jwk  jsonb       not null,
  created_at  timestamptz not null,
  -- From then on the next one signs. Absent: there is no next one.
  retired_at  timestamptz,
  primary key (instance_id, id)
);

create unique index instance_keys_newest on interpose.instance_keys (instance_id) where retired_at is null;
