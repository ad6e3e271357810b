using System.Collections.Concurrent;
using Relay.Mail;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

/// <summary>Accepts everything into memory and remembers what was committed.</summary>
internal sealed class RecordingAcceptor : IMessageAcceptor
{
    public ConcurrentQueue<Accepted> Messages { get; } = new();

    public int Begun { get; private set; }

    public int Discarded { get; private set; }

    /// <summary>Awaited before a commit is answered.</summary>
    public Task CommitGate { get; set; } = Task.CompletedTask;

    /// <summary>What each write answers.</summary>
    public Func<int, Reply?> OnWrite { get; set; } = _ => null;

    public Exception? BeginFailure { get; set; }

    public ValueTask<IIncomingMessage> BeginAsync(
        SessionFacts session, MailFrom mail, IReadOnlyList<RcptTo> recipients, CancellationToken cancellationToken)
    {
        Begun++;
        return BeginFailure is null
            ? new ValueTask<IIncomingMessage>(new Incoming(this, session, mail, recipients))
            : throw BeginFailure;
    }

    internal sealed record Accepted(
        SessionFacts Session, MailFrom Mail, IReadOnlyList<RcptTo> Recipients, byte[] Content, bool IsEightBit);

    private sealed class Incoming(
        RecordingAcceptor owner, SessionFacts session, MailFrom mail, IReadOnlyList<RcptTo> recipients) : IIncomingMessage
    {
        private readonly MemoryStream _content = new();
        private bool _completed;

        public ValueTask<Reply?> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            _content.Write(octets.Span);
            return new ValueTask<Reply?>(owner.OnWrite((int)_content.Length));
        }

        public async ValueTask<Reply> CompleteAsync(bool isEightBit, CancellationToken cancellationToken)
        {
            await owner.CommitGate.WaitAsync(cancellationToken);
            _completed = true;
            owner.Messages.Enqueue(new Accepted(session, mail, recipients, _content.ToArray(), isEightBit));
            return new Reply(250, new(2, 0, 0), "Ok: queued");
        }

        public ValueTask DisposeAsync()
        {
            owner.Discarded += _completed ? 0 : 1;
            _content.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
