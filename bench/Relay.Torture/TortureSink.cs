using System.Globalization;
using Relay.Lab.Mx;

namespace Relay.Torture;

/// <summary>The MX host of one domain, and to which life of the relay each of its connections belongs.</summary>
internal sealed class TortureSink(string domain, LabMx host) : IAsyncDisposable
{
    private readonly List<int> _connectionsAtEnd = [];

    public LabMx Host => host;

    /// <summary>The relay has ended: every connection so far was that life's.</summary>
    public void EndLife() => _connectionsAtEnd.Add(host.Connections.Count);

    /// <summary>Tells the ledger what has come since the last time.</summary>
    public void Collect(TortureMail mail, TortureLedger ledger)
    {
        var (taken, unaccepted) = host.Drain();
        foreach (var message in taken)
        {
            if (domain == TortureMail.SenderDomain)
            {
                CollectNotification(message, ledger);
            }
            else
            {
                CollectCopies(message, mail, ledger);
            }
        }

        foreach (var _ in unaccepted)
        {
            ledger.OnUnaccepted();
        }
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private void CollectCopies(MxMessage message, TortureMail mail, TortureLedger ledger)
    {
        var known = mail.TryRecognize(message.Wire.Span[..^3], out var number);
        foreach (var path in message.Recipients)
        {
            // recipient.message@domain
            var parts = path.Split('.', '@');
            if (known && path.EndsWith("@" + domain, StringComparison.Ordinal)
                && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var recipient)
                && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var named) && named == number)
            {
                ledger.OnArrival(number, recipient, LifeOf(message));
            }
            else
            {
                ledger.OnForeign();
            }
        }
    }

    // RFC 3464 §2: a notification comes from the null reverse-path, as a multipart/report.
    private void CollectNotification(MxMessage message, TortureLedger ledger)
    {
        if (message.ReversePath.Length == 0 && message.Recipients is [var path]
            && int.TryParse(path.Split('@')[0], CultureInfo.InvariantCulture, out var number)
            && message.Text.Contains($"{TortureMail.RefusedMark}{path.Split('@')[0]}@", StringComparison.Ordinal))
        {
            ledger.OnNotification(number, LifeOf(message));
        }
        else
        {
            ledger.OnForeign();
        }
    }

    private int LifeOf(MxMessage message) => _connectionsAtEnd.Count(count => count < message.Connection.Number);
}
