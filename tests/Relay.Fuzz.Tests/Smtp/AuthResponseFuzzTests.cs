using System.Buffers;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Smtp.Server.Authentication;

namespace Relay.Fuzz.Tests.Smtp;

/// <summary>The base64 of AUTH exchanges.</summary>
public sealed class AuthResponseFuzzTests
{
    private static readonly FuzzTarget Target = new(
        "auth-response",
        [.. new[] { "AHVzZXIAcGFzcw==", "*", "=", "", "AA", "AA=", "AA==", "AAA=", "A A=", "AA==AA==", "AAAA\n", "====", "/+/+", "-_-_", "AB==" }.Select(Grammar.Octets)],
        Gen.Frequency(
            (6, Grammar.Noise.Select(octets => Grammar.Octets(Convert.ToBase64String(octets)))),
            (1, Grammar.Times(0, 8, Grammar.Either(["AAAA", "ABcd", "+/"], ["=", "\r", "\n", " ", "\0", "*", "-"]))),
            (1, Grammar.Run("AAAA", 100, 3070, 3071))),
        Read)
    {
        Tokens = [.. new[] { "=", "==", "*", "AAAA", "\r\n", " " }.Select(Grammar.Octets)],
        MaxLength = AuthResponse.MaxLineOctets,
        Allocation = 4 * 1024,
        AllocationPerOctet = 2,
    };

    [Fact] // RFC 4954 §4
    public void Read_AnyOctets_IsWhatTheLibraryDecodesOrRefused() => FuzzRun.Of(Target);

    private static Reading Read(byte[] line)
    {
        var response = AuthResponse.Read(new ReadOnlySequence<byte>(line));
        return new Reading(response.Kind == AuthResponseKind.Decoded, () =>
        {
            Assert.Equal(line is [(byte)'*'], response.Kind == AuthResponseKind.Cancelled);
            Assert.InRange(response.Octets.Length, 0, line.Length);
            if (response.Kind == AuthResponseKind.Decoded)
            {
                Assert.Equal(Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(line)), response.Octets);
            }
            else
            {
                Assert.Empty(response.Octets);
            }

            var split = AuthResponse.Read(Split(line));
            Assert.Equal(response.Kind, split.Kind);
            Assert.Equal(response.Octets, split.Octets);
            Assert.NotEqual(AuthResponseKind.Cancelled, AuthResponse.ReadInitial(line).Kind);
        });
    }

    private static ReadOnlySequence<byte> Split(byte[] line)
    {
        var first = new Piece(line.AsMemory(0, line.Length / 2), null);
        var last = new Piece(line.AsMemory(line.Length / 2), first);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            RunningIndex = before is null ? 0 : before.RunningIndex + before.Memory.Length;
            if (before is not null)
            {
                before.Next = this;
            }
        }
    }
}
