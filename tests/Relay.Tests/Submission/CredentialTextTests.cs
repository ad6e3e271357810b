using System.Text;
using Relay.Submission;

namespace Relay.Tests.Submission;

/// <summary>RFC 8265 in the place of SASLprep (RFC 4616 §2).</summary>
public sealed class CredentialTextTests
{
    [Theory] // SUB-18
    [InlineData("ann", "ann")]
    [InlineData("Ann@Corp.Example", "ann@corp.example")]
    [InlineData("JÖRG", "jörg")]
    [InlineData("jo\u0308rg", "jörg")]
    public void Name_InEveryForm_IsOneName(string text, string expected)
    {
        Assert.True(CredentialText.TryReadName(text, out var name));
        Assert.Equal(expected, name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("a\tb")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u0085b")]
    [InlineData("a\u00A0b")]
    [InlineData("a\u200Bb")]
    [InlineData("a\u202Eb")]
    [InlineData("a\u2028b")]
    [InlineData("a\uE000b")]
    [InlineData("a\uFFFFb")]
    [InlineData("#ann")]
    public void Name_ThatCouldBreakALineOrLookLikeAnother_IsRefused(string text) =>
        Assert.False(CredentialText.TryReadName(text, out _));

    [Fact]
    public void Name_TooLongOrNotUtf8_IsRefused()
    {
        Assert.True(CredentialText.TryReadName(new string('a', CredentialText.MaxNameOctets), out _));
        Assert.False(CredentialText.TryReadName(new string('a', CredentialText.MaxNameOctets + 1), out _));
        Assert.False(CredentialText.TryReadName([(byte)'a', 0xC3], out _));
    }

    [Theory]
    [InlineData("correct horse", "correct horse")]
    [InlineData("Pässword", "Pa\u0308ssword")]
    [InlineData("a b", "a\u00A0b")]
    [InlineData("a b", "a\u3000b")]
    [InlineData("\U0001F511ключ", "\U0001F511ключ")]
    public void Password_TypedDifferently_IsTheSame(string one, string other)
    {
        Assert.True(CredentialText.TryReadPassword(Encoding.UTF8.GetBytes(one), out var first));
        Assert.True(CredentialText.TryReadPassword(Encoding.UTF8.GetBytes(other), out var second));
        Assert.Equal(first, second);
    }

    [Fact]
    public void Password_InOtherLetterCase_IsAnother()
    {
        CredentialText.TryReadPassword("É"u8, out var upper);
        CredentialText.TryReadPassword("é"u8, out var lower);
        Assert.NotEqual(upper, lower);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("a\rb")]
    [InlineData("é\u0001")]
    [InlineData("é\u2028")]
    [InlineData("é\uFDD0")]
    public void Password_WithControls_IsRefused(string text) =>
        Assert.False(CredentialText.TryReadPassword(Encoding.UTF8.GetBytes(text), out _));

    [Fact] // Whatever octets come, nothing is thrown, and what is taken is taken again as it is.
    public void Octets_AtRandom_NeverThrow()
    {
        var random = new Random(4616);
        for (var i = 0; i < 20_000; i++)
        {
            var octets = new byte[random.Next(12)];
            random.NextBytes(octets);
            if (CredentialText.TryReadPassword(octets, out var password))
            {
                Assert.True(CredentialText.TryReadPassword(password, out var again));
                Assert.Equal(password, again);
            }

            if (CredentialText.TryReadName(octets, out var name))
            {
                Assert.True(CredentialText.TryReadName(name, out var same));
                Assert.Equal(name, same);
            }
        }
    }
}
