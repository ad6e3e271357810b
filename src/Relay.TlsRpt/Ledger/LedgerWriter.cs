using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Relay.Delivery.Observations;
using Relay.Mail;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Ledger;

/// <summary>
/// Adds one batch to the stored counts, inside the caller's transaction; every statement is prepared once.
/// </summary>
internal sealed class LedgerWriter : IDisposable
{
    /// <summary>How many failures are told apart for one domain on one day.</summary>
    public const int MaxFailures = 1_000;

    private const int DigestLength = 16;
    private static readonly byte[] NoPolicy = [];

    private readonly DateOnly _today;
    private readonly ReportIdentity _identity;
    private readonly SqliteCommand _policy;
    private readonly SqliteCommand _tally;
    private readonly SqliteCommand _report;
    private readonly SqliteCommand _isOpen;
    private readonly SqliteCommand _failures;
    private readonly SqliteCommand _raise;
    private readonly SqliteCommand _failure;

    public LedgerWriter(
        SqliteConnection connection, SqliteTransaction transaction, ReportIdentity identity, DateOnly today)
    {
        (_identity, _today) = (identity, today);
        _policy = Prepare("INSERT INTO policy VALUES ($policy, $type, $lines, $mx) ON CONFLICT DO NOTHING");
        _tally = Prepare(
            """
            INSERT INTO tally VALUES ($day, $domain, $policy, $ok, $failed)
            ON CONFLICT DO UPDATE SET ok = ok + excluded.ok, failed = failed + excluded.failed
            """);
        _report = Prepare(
            """
            INSERT INTO report (day, domain, state, next_at) VALUES ($day, $domain, $state, $next)
            ON CONFLICT DO NOTHING
            """);
        _isOpen = Prepare(
            "SELECT NOT EXISTS (SELECT 1 FROM report WHERE day = $day AND domain = $domain AND state <> $state)");
        _failures = Prepare("SELECT COUNT(*) FROM failure WHERE day = $day AND domain = $domain");
        _raise = Prepare(
            """
            UPDATE failure SET count = count + $count
            WHERE day = $day AND domain = $domain AND policy = $policy AND type = $type AND sending = $sending
                AND receiving = $receiving AND mx = $mx AND helo = $helo AND reason = $reason
            """);
        _failure = Prepare(
            """
            INSERT INTO failure VALUES
                ($day, $domain, $policy, $type, $sending, $receiving, $mx, $helo, $reason, $count)
            """);

        SqliteCommand Prepare(string statement)
        {
            var command = connection.CreateCommand();
            command.Transaction = transaction;
#pragma warning disable CA2100 // The constants above.
            command.CommandText = statement;
#pragma warning restore CA2100
            return command;
        }
    }

    public void Write(LedgerBatch batch)
    {
        foreach (var (key, tally) in batch.Tallies)
        {
            Write(key, tally);
        }
    }

    public void Dispose()
    {
        _policy.Dispose();
        _tally.Dispose();
        _report.Dispose();
        _isOpen.Dispose();
        _failures.Dispose();
        _raise.Dispose();
        _failure.Dispose();
    }

    private void Write(in LedgerBatch.Key key, LedgerBatch.Tally tally)
    {
        var day = DayFor(DateOnly.FromDayNumber(key.Day), key.Domain);
        var text = day.Text();
        var policy = WritePolicy(key.Policy);
        Run(
            _tally,
            ("$day", text),
            ("$domain", key.Domain.Value),
            ("$policy", policy),
            ("$ok", tally.Succeeded),
            ("$failed", tally.Failed));
        Run(
            _report,
            ("$day", text),
            ("$domain", key.Domain.Value),
            ("$state", ReportState.Counting),
            ("$next", _identity.DueAt(day, key.Domain).ToUnixTimeMilliseconds()));
        long? rows = null;
        foreach (var (failure, count) in tally.Failures)
        {
            WriteFailure(text, key.Domain, policy, failure, count, ref rows);
        }
    }

    // RFC 8460 §4.1, departure: what is told late of a day whose report is made counts for the current day. A report that was sent must not
    // change, and no session may be lost.
    private DateOnly DayFor(DateOnly day, DomainName domain)
    {
        if (day >= _today)
        {
            return day;
        }

        var isOpen = Scalar(_isOpen, ("$day", day.Text()), ("$domain", domain.Value), ("$state", ReportState.Counting));
        return isOpen == 1 ? day : _today;
    }

    private byte[] WritePolicy(ObservedPolicy policy)
    {
        var lines = string.Join('\n', policy.Strings);
        var digest = policy.Type == ObservedPolicyType.NoPolicyFound
            ? NoPolicy
            : SHA256.HashData(Encoding.UTF8.GetBytes(lines)).AsSpan(0, DigestLength).ToArray();
        Run(
            _policy,
            ("$policy", digest),
            ("$type", policy.Type.ToWord()),
            ("$lines", lines),
            ("$mx", string.Join('\n', policy.MxPatterns)));
        return digest;
    }

    private void WriteFailure(
        string day, DomainName domain, byte[] policy, FailureKey failure, long count, ref long? rows)
    {
        if (RunFailure(_raise, day, domain, policy, failure, count) > 0)
        {
            return;
        }

        rows ??= Scalar(_failures, ("$day", day), ("$domain", domain.Value));
        if (rows >= MaxFailures)
        {
            failure = FailureKey.Overflow;
            if (RunFailure(_raise, day, domain, policy, failure, count) > 0)
            {
                return;
            }
        }

        RunFailure(_failure, day, domain, policy, failure, count);
        rows++;
    }

    private static int RunFailure(
        SqliteCommand command, string day, DomainName domain, byte[] policy, in FailureKey failure, long count) => Run(
            command,
            ("$day", day),
            ("$domain", domain.Value),
            ("$policy", policy),
            ("$type", failure.Type),
            ("$sending", failure.SendingAddress),
            ("$receiving", failure.ReceivingAddress),
            ("$mx", failure.MxHost),
            ("$helo", failure.Helo),
            ("$reason", failure.Reason),
            ("$count", count));

    private static int Run(SqliteCommand command, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        Bind(command, parameters);
        return command.ExecuteNonQuery();
    }

    private static long Scalar(SqliteCommand command, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        Bind(command, parameters);
        return (long)command.ExecuteScalar()!;
    }

    private static void Bind(SqliteCommand command, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        if (command.Parameters.Count == 0)
        {
            foreach (var (name, value) in parameters)
            {
                command.Parameters.AddWithValue(name, value);
            }

            return;
        }

        for (var index = 0; index < parameters.Length; index++)
        {
            command.Parameters[index].Value = parameters[index].Value;
        }
    }
}
