using System.Buffers;
using System.Globalization;
using System.Text;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Client;

/// <summary>
/// Writes the commands of a transaction into one pooled buffer, and only such parameters as the server offers
/// (RFC 5321 §4.1.1.11). An address that could break a command line is a fault of ours and throws.
/// </summary>
internal sealed class CommandWriter : IDisposable
{
    private readonly ServerCapabilities _offered;
    private readonly List<int> _ends = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;

    public CommandWriter(ServerCapabilities offered) => _offered = offered;

    /// <summary>How many commands were written.</summary>
    public int Count => _ends.Count;

    /// <summary>All commands.</summary>
    public ReadOnlyMemory<byte> All => _buffer.AsMemory(0, _length);

    /// <summary>One command with its CRLF.</summary>
    public ReadOnlyMemory<byte> this[int index] =>
        _buffer.AsMemory((index == 0 ? 0 : _ends[index - 1]).._ends[index]);

    /// <summary>A command without parameters, or with one that is known to be clean.</summary>
    public void Simple(string line)
    {
        AppendText(line, allowSpace: true);
        EndCommand();
    }

    /// <summary>MAIL (RFC 5321 §4.1.1.2).</summary>
    public void Mail(OutgoingTransaction transaction)
    {
        var mail = transaction.Mail;
        var utf8 = UsesSmtpUtf8(transaction);
        Append("MAIL FROM:<"u8);
        AppendMailbox(mail.ReversePath.Mailbox, utf8);
        Append(">"u8);
        if (_offered.Size)
        {
            // RFC 1870 §3: the octets as they travel, CRLFs counted and stuffed dots not.
            Append(" SIZE="u8);
            AppendText(transaction.Content.Octets.ToString(CultureInfo.InvariantCulture));
        }

        if (_offered.EightBitMime && transaction.Content.IsEightBit)
        {
            Append(" BODY=8BITMIME"u8); // RFC 6152 §3: announces octets above 127
        }

        if (utf8)
        {
            Append(" SMTPUTF8"u8); // RFC 6531 §3.4: announces what needs it, and is left out otherwise
        }

        if (_offered.Dsn)
        {
            AppendReturn(mail);
        }

        if (_offered.IsAuthenticated)
        {
            // RFC 4954 §5: goes to servers that we have authenticated to, and to no other. It says that the first submitter is
            // not known, for what a client told us of that is not believed.
            Append(" AUTH=<>"u8);
        }

        EndCommand();
    }

    /// <summary>RCPT (RFC 5321 §4.1.1.3).</summary>
    public void Recipient(RcptTo recipient, OutgoingTransaction transaction)
    {
        var utf8 = UsesSmtpUtf8(transaction);
        Append("RCPT TO:<"u8);
        AppendMailbox(recipient.Mailbox, utf8);
        Append(">"u8);

        // RFC 3461 §5.2.1: passed on as received and never invented; §5.2.2: nothing to servers without DSN.
        if (_offered.Dsn && recipient.Notify != DsnNotify.None)
        {
            Append(" NOTIFY="u8);
            AppendText(NotifyWords(recipient.Notify));
        }

        // RFC 6533 §3: an original recipient in UTF-8 itself may travel with SMTPUTF8 only.
        if (_offered.Dsn && recipient.OriginalRecipient is { } original && (utf8 || Ascii.IsValid(original)))
        {
            Append(" ORCPT="u8);
            AppendText(original);
        }

        EndCommand();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool UsesSmtpUtf8(OutgoingTransaction transaction) => _offered.SmtpUtf8 && transaction.NeedsSmtpUtf8;

    private void AppendReturn(MailFrom mail)
    {
        if (mail.Return != DsnReturn.Unspecified)
        {
            Append(mail.Return == DsnReturn.Full ? " RET=FULL"u8 : " RET=HDRS"u8);
        }

        if (mail.EnvelopeId is { } envelopeId)
        {
            Append(" ENVID="u8);
            AppendText(envelopeId);
        }
    }

    private static string NotifyWords(DsnNotify notify) => notify.HasFlag(DsnNotify.Never)
        ? "NEVER"
        : string.Join(',', new[] { DsnNotify.Success, DsnNotify.Failure, DsnNotify.Delay }
            .Where(word => notify.HasFlag(word)).Select(word => word.ToString().ToUpperInvariant()));

    private void AppendMailbox(Mailbox? mailbox, bool utf8)
    {
        if (mailbox is null)
        {
            return;
        }

        // RFC 5321 §2.4: the local part is its domain's own and goes out as it came.
        AppendText(mailbox.LocalPart, allowSpace: true);
        if (mailbox.Domain.Length > 0)
        {
            // RFC 6531 §3.2: without SMTPUTF8 a domain travels in its A-labels.
            Append("@"u8);
            AppendText(utf8 ? mailbox.Domain : mailbox.WithAsciiDomain().Domain);
        }

        if (!utf8 && !Ascii.IsValid(All.Span))
        {
            throw new InvalidOperationException($"<{mailbox}> needs SMTPUTF8, which this server does not offer");
        }
    }

    private void AppendText(string text, bool allowSpace = false)
    {
        // RFC 5321 §4.1.2: reception checked it; a line break here would be a command of somebody else's.
        var lowest = allowSpace ? '\u001F' : ' ';
        if (text.AsSpan().ContainsAnyInRange('\0', lowest) || text.Contains('\u007F', StringComparison.Ordinal))
        {
            throw new InvalidOperationException("an address or parameter holds control characters or spaces");
        }

        EnsureRoom(Encoding.UTF8.GetMaxByteCount(text.Length));
        _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        EnsureRoom(octets.Length);
        octets.CopyTo(_buffer.AsSpan(_length));
        _length += octets.Length;
    }

    private void EndCommand()
    {
        Append("\r\n"u8);
        _ends.Add(_length);
    }

    private void EnsureRoom(int octets)
    {
        if (_buffer.Length - _length < octets)
        {
            var grown = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + octets));
            All.CopyTo(grown);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = grown;
        }
    }
}
