-- The transfer of Kengred in PostgreSQL 15, as far as a database without signatures goes: double entry,
-- nobody overdrawn, each transfer once for ever. bench/postgres/pg_transfer.cc runs this in an empty
-- database and then fills `accounts`.
--
-- Where a choice costs speed it was made in PostgreSQL's favour: one index on the journal and none on
-- postings, so no history of an account; no foreign keys, one currency, no texts, no proof.

create table accounts (
  id bigint primary key,
  balance bigint not null check (balance >= 0)
) with (fillfactor = 50);  -- room for new versions of a row on its own page (HOT updates)

-- `key` is the client's: it sends it again when it does not know whether its transfer went through.
create sequence entry cache 64;
create table journal (
  id bigint not null default nextval('entry'),
  key uuid primary key,
  at timestamptz not null default clock_timestamp()
);

-- Two rows for each row of the journal, which sum to zero.
create table postings (
  entry bigint not null,
  account bigint not null,
  amount bigint not null
);

-- What became of a transfer is a small number: 0 accepted; 1 refused, as the payer has too little or one
-- of the accounts is not there; 2 accepted before, with the same key.

-- One transfer. A key that is in the journal fails the statement, by the index (unique_violation).
--
-- Rows are locked in the order of their ids, so that no two transfers wait for each other. What has been
-- done when the second account refuses is taken back by hand, as a subtransaction would cost every
-- transfer something.
create function transfer(p_key uuid, p_payer bigint, p_payee bigint, p_amount bigint)
returns smallint language plpgsql as $$
declare
  new_entry bigint;
begin
  if p_payer < p_payee then
    update accounts set balance = balance - p_amount where id = p_payer and balance >= p_amount;
    if not found then return 1; end if;
    update accounts set balance = balance + p_amount where id = p_payee;
    if not found then
      update accounts set balance = balance + p_amount where id = p_payer;
      return 1;
    end if;
  else
    update accounts set balance = balance + p_amount where id = p_payee;
    if not found then return 1; end if;
    update accounts set balance = balance - p_amount where id = p_payer and balance >= p_amount;
    if not found then
      update accounts set balance = balance - p_amount where id = p_payee;
      return 1;
    end if;
  end if;
  insert into journal (key) values (p_key) returning id into new_entry;
  insert into postings values (new_entry, p_payer, -p_amount), (new_entry, p_payee, p_amount);
  return 0;
end
$$;

-- Does those of many transfers that the balances at its start pay for, in one statement, and says which, by
-- their places from 1 on. It fails when somebody else was quicker (check_violation or unique_violation), or an
-- account is not there (check_violation), and has then done nothing.
create function transfer_those_paid_for(
  p_keys uuid[], p_payers bigint[], p_payees bigint[], p_amounts bigint[])
returns bigint[] language plpgsql as $$
declare
  done bigint[];
  named bigint;
  moved bigint;
begin
  with asked as (
    select place, key, payer, payee, amount, sum(amount) over (partition by payer order by place) as spent
    from unnest(p_keys, p_payers, p_payees, p_amounts) with ordinality
      as t (key, payer, payee, amount, place)
  ), accepted as materialized (
    select a.place, nextval('entry') as id, a.key, a.payer, a.payee, a.amount
    from asked a join accounts p on p.id = a.payer
    where a.spent <= p.balance and not exists (select from journal j where j.key = a.key)
  ), lines as materialized (
    select id, payer as account, -amount as amount from accepted
    union all
    select id, payee, amount from accepted
  ), sums as materialized (
    -- In the order of their ids, for the same reason as above.
    select account, sum(amount)::bigint as amount from lines group by account order by account
  ), entries as (
    insert into journal (id, key) select id, key from accepted
  ), written as (
    insert into postings select id, account, amount from lines
  ), updated as (
    update accounts a set balance = a.balance + s.amount from sums s where a.id = s.account
    returning 1
  )
  select (select array_agg(place) from accepted), (select count(*) from sums),
    (select count(*) from updated)
  into done, named, moved;
  if moved <> named then
    raise check_violation using message = 'an account is not there';
  end if;
  return coalesce(done, '{}');
end
$$;

-- Many transfers in one transaction; a verdict for each, in the order asked. A refused one fails none of its
-- neighbours.
--
-- Mostly all can be done at once, without a lock on a row before it is written. Else that is taken back, the
-- accounts are locked in order, those that can be are done at once again, and the others one by one: what
-- was received in the same batch may be spent in it.
create function transfer_batch(p_keys uuid[], p_payers bigint[], p_payees bigint[], p_amounts bigint[])
returns smallint[] language plpgsql as $$
declare
  size int := cardinality(p_keys);
  verdicts smallint[] := array_fill(null::smallint, array[cardinality(p_keys)]);
  done bigint[];
  place bigint;
begin
  begin
    if cardinality(transfer_those_paid_for(p_keys, p_payers, p_payees, p_amounts)) = size then
      return array_fill(0::smallint, array[size]);
    end if;
    raise check_violation;
  exception when check_violation or unique_violation then
    null;
  end;
  perform id from accounts where id = any (p_payers || p_payees) order by id for no key update;
  begin
    done := transfer_those_paid_for(p_keys, p_payers, p_payees, p_amounts);
    foreach place in array done loop
      verdicts[place] := 0;
    end loop;
  exception when check_violation or unique_violation then
    null;
  end;
  for i in 1 .. size loop
    if verdicts[i] is not null then
      continue;
    end if;
    if exists (select from journal where key = p_keys[i]) then
      verdicts[i] := 2;
    else
      verdicts[i] := transfer(p_keys[i], p_payers[i], p_payees[i], p_amounts[i]);
    end if;
  end loop;
  return verdicts;
end
$$;
