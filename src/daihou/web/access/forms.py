"""Forms of allauth with labels in our words."""

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _


class CodeField(forms.CharField):
    """A code that is typed off another screen; the browser neither keeps nor corrects it."""

    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True})


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    code = CodeField(label=_("Code of the app, or a spare code"))


class CodeAgainForm(ReauthenticateForm):  # type: ignore[misc]
    code = CodeField(label=_("Code of the app, or a spare code"))


class ActivateAppForm(ActivateTOTPForm):  # type: ignore[misc]
    code = CodeField(label=_("Code that the app shows now"))


class AddPasskeyForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name"), required=False)


class RenamePasskeyForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name"))
